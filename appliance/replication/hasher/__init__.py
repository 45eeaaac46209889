"""The hashing process: `python -m appliance.replication.hasher` reads blocks of a source and tells their digests.

It imports no agent. On standard input the first line is `{"socket": PATH, "export": "", "connections": 4}`, each later one a page of
blocks, `{"blocks": [[offset, length], ...]}`, each block at most 4 MiB. On standard output each line is an event:

    {"event": "ready", "size": N}                connected; the size of the source in bytes
    {"event": "hashed", "digests": [HEX, ...]}   the digests of a page, in its order
    {"event": "error", "kind": KIND, "message": TEXT, "offset": n | null, "errno": n | null}

KIND and the exit codes are those of the copying process. The process ends at once when its standard input is closed.
"""

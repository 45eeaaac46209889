"""The copying process: `python -m appliance.replication.mover` copies a disk, or a share of one, into data sessions.

It imports no agent. It talks in lines of JSON, never by arguments, because tokens are secrets.

On standard input the first line is the job:

    {"source": {"socket": PATH, "export": "", "connections": 1},
     "targets": [{"host": H, "port": 443, "token": T, "identity": NAME, "key_file": PATH}],
     "read": [[offset, length], ...],     what to copy; what reads as zero is zeroed at the target, without payload
     "zero": [[offset, length], ...],     what to zero at the target without reading
     "more": false,                       more work will be handed over: see `hungry`
     "target_is_zero": false,             true only where the target was read and is zero: zeros are then left alone
     "chunk_bytes": 1048576, "in_flight": 8, "flush_bytes": 16777216, "rate": 0}

There is one target per connection. Instead of host and port a target may name a `socket` (the way through SSH), and instead of identity and
key file say `"plain": true` (no TLS; for measuring only). Later lines are orders:

    {"read": [...], "zero": [...]}        more work (only with "more": true)
    {"end": true}                         no more work will come
    {"rate": N}                           bytes of payload per second from now on; 0 is no limit

On standard output each line is an event:

    {"event": "ready", "size": N}         connected; the size of the source in bytes
    {"event": "hungry"}                   little work is left; answered by more work or by `end`
    {"event": "done", "ranges": [[offset, length], ...], "moved": n, "skipped": n, "zeroed": n}
                                          these ranges are flushed on the connection that wrote them; the numbers are what they add
    {"event": "progress", "moved": n, "skipped": n, "zeroed": n}      totals so far, flushed or not
    {"event": "finished", "moved": n, "skipped": n, "zeroed": n, "peak_rss": n}      all work is done and flushed
    {"event": "stopped", ...the same numbers}                         stopped by SIGTERM; what was written is flushed
    {"event": "error", "kind": KIND, "message": TEXT, "offset": n | null, "errno": n | null}

`moved` is payload that crossed the link, `zeroed` was zeroed there without payload, `skipped` was left alone. KIND is `refused`,
`source_lost`, `source_error`, `target_lost` or `target_error`; each has its own exit code (`protocol.Exit`). After an error or SIGTERM
everything that was written on sound connections is still flushed and reported. The process ends at once when its standard input is closed.
"""

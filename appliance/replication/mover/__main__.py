"""Entry of the copying process."""

import os
import sys

from appliance.replication.mover.ciphers import keep_to_aes_gcm

if __name__ == "__main__":
    keep_to_aes_gcm()
    from appliance.replication.mover.process import main

    code = main()
    sys.stderr.flush()
    os._exit(code)  # everything was told and closed: taking the interpreter apart would only keep the parent waiting

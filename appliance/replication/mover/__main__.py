"""Entry of the copying process."""

import sys

from appliance.replication.mover.ciphers import keep_to_aes_gcm

if __name__ == "__main__":
    keep_to_aes_gcm()
    from appliance.replication.mover.process import main

    sys.exit(main())

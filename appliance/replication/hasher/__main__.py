"""Entry of the hashing process."""

import os
import sys

from appliance.replication.hasher.process import main

if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # everything was told: taking the interpreter apart would only keep the parent waiting

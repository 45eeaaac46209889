"""`python -m appliance.cli`: the `appliance` command where no script was installed for it."""

import sys

from appliance.cli.main import main

sys.exit(main())

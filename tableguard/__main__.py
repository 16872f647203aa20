"""`python -m tableguard`: the command."""

import sys

from tableguard.cli.app import main

if __name__ == "__main__":
    sys.exit(main())

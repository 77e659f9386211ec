"""`python -m seqtasks`."""

import sys

from seqtasks.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

"""`python -m fer_core`: the verbs of `fer_core.cli`."""

import sys

from fer_core.cli import main

sys.exit(main())

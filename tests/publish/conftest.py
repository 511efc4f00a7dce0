"""Makes the helper module of all tests that kill (`forked.py`) importable."""

import sys
from pathlib import Path

# At the end of the path: the module shadows nothing.
sys.path.append(str(Path(__file__).parents[1]))

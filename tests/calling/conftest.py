"""Makes the helpers of the phone tests importable here: the drawn numbers, and the digests of upstream's logic."""

from __future__ import annotations

import sys
from pathlib import Path

# At the end of the path: these modules shadow nothing.
sys.path.append(str(Path(__file__).parents[1] / "phone"))

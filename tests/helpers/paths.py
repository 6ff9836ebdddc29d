"""Where the tests find the repository and, beside it, the public corpora."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TKIT_SHARED") or ROOT / ".." / "shared")
SAMPLE = ROOT / "data" / "sample"

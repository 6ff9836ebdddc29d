"""Write the static site of the executed notebooks: ``python docs/site.py notebooks out/site``."""

import sys
from pathlib import Path

from tkit.report.site import write_site

print(write_site(Path(sys.argv[1]), Path(sys.argv[2])))

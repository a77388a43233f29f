"""Run the command as a file or a module, also from a folder that isn't installed."""

import sys
from pathlib import Path

if not __package__:  # started by path, as in the editor: the package's parent isn't on sys.path
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kvlens.cli import main

if __name__ == "__main__":
    sys.exit(main())

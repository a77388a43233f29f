"""`python -m scripts.generate [--check]`."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys

from scripts.generate import targets
from scripts.generate.tree import Tree
from scripts.toolchain import ROOT


def main() -> int:
    """Write all targets, or print what would change."""
    parser = argparse.ArgumentParser(prog="generate", description="Write what repeats the tables.")
    parser.add_argument("--check", action="store_true", help="print what would change; exit 1")
    check = parser.parse_args().check
    sys.path.insert(0, str(ROOT / "server"))  # the tables of this checkout, and no others
    os.environ.pop("KVLENS_STORE", None)  # it is the default of an option
    tree = Tree(ROOT)
    for module in sorted(target.name for target in pkgutil.iter_modules(targets.__path__)):
        importlib.import_module(f"{targets.__name__}.{module}").write(tree)
    if not check:
        for path in tree.save():
            print(f"wrote {path}")
        return 0
    changes = list(tree.changes())
    for line in changes:
        print(line, end="" if line.endswith("\n") else "\n")
    if changes:
        print("Run `python -m scripts.generate`.", file=sys.stderr)
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.fuzz [TARGET…] [--runs N] [--seconds S] [--seed N]`: targets, many times each.

An input that causes a failure is written to build/fuzz/TARGET. Fix the bug, and move the input to
tests/fuzz/corpus/TARGET, where `make test` runs it again.
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.engines import has_atheris, run
from tests.fuzz.table import TARGETS

RUNS = 1_000_000


def main() -> int:
    """Run the named targets, or all; return 1 if an input causes a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    names = "; ".join(f"{name}: {about}" for name, about in TARGETS.items())
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=names)
    parser.add_argument("--runs", type=int, default=0, help=f"inputs a target ({RUNS:,})")
    parser.add_argument("--seconds", type=float, default=0, help="at most so long a target")
    parser.add_argument("--engine", choices=("atheris", "random"), help="how inputs are made")
    parser.add_argument("--seed", type=int, default=0, help="other inputs for another number")
    options = parser.parse_args()
    for name in options.targets:
        if name not in TARGETS:
            parser.error(f"there is no target {name}; there are {', '.join(TARGETS)}")
    runs = options.runs or (0 if options.seconds else RUNS)
    engine = options.engine or ("atheris" if has_atheris() else "random")
    limits = runs, options.seconds, options.seed
    found = [run(name, engine, *limits) for name in options.targets or TARGETS]
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main())

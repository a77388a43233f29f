"""Run the soak, print its table and write build/soak.json: `python -m tests.soak [PART…]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.soak import kills, load, million
from tests.soak.result import Result, save, table

PARTS: dict[str, tuple[str, Callable[[float, int], list[Result]]]] = {
    # name: (title, function)
    "kills": ("Killed while it writes", kills.run),
    "load": ("Thirty-two clients, edits and typing", load.run),
    "million": ("A million keys", million.run),
}
OUT = Path("build/soak.json")


def main(arguments: Sequence[str]) -> int:
    """Run the parts; return 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--scale", type=float, default=1.0, help="how long and large (default: 1)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to repeat a run")
    parser.add_argument("--out", type=Path, default=OUT, help=f"default: {OUT}")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"no part {', '.join(unknown)}")
    print(f"--scale {options.scale:g} --seed {options.seed}", flush=True)
    found: dict[str, Sequence[Result]] = {}
    for name in options.parts or PARTS:
        title, run = PARTS[name]
        began = time.monotonic()
        found[title] = run(options.scale, options.seed)
        print(table(f"{title} ({time.monotonic() - began:.0f} s)", found[title]), flush=True)
    save(options.out, found)
    return int(not all(result.is_fine for results in found.values() for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

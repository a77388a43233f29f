"""One target under atheris; the arguments after its name are libFuzzer's."""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any

from tests.fuzz.mutation import NASTY, random_input


def main() -> None:
    """Run until a limit is reached or an input fails."""
    atheris: Any = importlib.import_module("atheris")
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["kvlens"]):
        from tests.fuzz.table import load

        target = load(name)
    pieces = (*target.words, *NASTY)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        """Mix our own changes, which fit the texts, with libFuzzer's."""
        if seed % 3 == 0:
            mixed: bytes = atheris.Mutate(data, most)
            return mixed
        return random_input(random.Random(seed), (data,), pieces)[:most]

    atheris.Setup(sys.argv, target.run, custom_mutator=mutate, enable_python_coverage=True)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

"""Leave out what a copy of a Worker only repeats.

Some repositories keep a Worker several times: a backup, or a folder that is deployed. A problem in
one of them is fixed in all. A problem that the original doesn't have is still reported, and so is
any problem that is left in a copy once the original is fixed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kvlens.config.model import Config
from kvlens.lint.base import Problem
from kvlens.lint.checked import Checked, Worker
from kvlens.lint.ids import is_real

_SET_ASIDE = re.compile(
    r"(?:^|[._\- ])(?:backups?|bak|old|archived?|copy|copies|deprecated|legacy)(?:$|[._\- ])",
    re.IGNORECASE,
)


def without_copies(files: Sequence[Checked]) -> list[Checked]:
    """Return checked files without the problems that the original of a copied Worker has too."""
    originals = _originals(files)
    if not originals:
        return [*files]
    homes = {file.path.parent for file in files if file.worker is not None}
    by_home: dict[Path, Counter[tuple[str, str]]] = {}
    home_of = {file.path: _home(file.path, homes) for file in files if file.problems}
    for file in files:
        home = home_of.get(file.path)
        if home is not None:
            by_home.setdefault(home, Counter()).update(map(_key, file.problems))
    left = {copy: by_home.get(original, Counter()).copy() for copy, original in originals.items()}
    return [
        replace(file, problems=[*_new(file.problems, left[home])])
        if (home := home_of.get(file.path)) in left
        else file
        for file in files
    ]


def _new(problems: Sequence[Problem], known: Counter[tuple[str, str]]) -> Iterator[Problem]:
    """Yield the problems that aren't known, each as often as it is there more than that."""
    for problem in problems:
        if known[_key(problem)] > 0:
            known[_key(problem)] -= 1
        else:
            yield problem


def _key(problem: Problem) -> tuple[str, str]:
    return problem.code, problem.message


def _originals(files: Sequence[Checked]) -> dict[Path, Path]:
    """Return the folder of the original by that of each copy."""
    workers: dict[Worker, list[Path]] = {}
    for file in files:
        if file.worker:
            workers.setdefault(file.worker, []).append(file.path.parent)
    found: dict[Path, Path] = {}
    for folders in workers.values():
        first, *others = sorted(dict.fromkeys(folders), key=_rank)
        found.update((other, first) for other in others if other not in found)
    return found


def worker_of(config: Config) -> Worker:
    """Return what copies of a Worker have in common: its name, and its namespaces with real ids.

    Nothing without them: they can be the same by chance.
    """
    node = next((definition.node for definition in config.root.get("name")), None)
    bound = tuple((env.name, env.bound) for env in config.environments)
    if node is None or not any(is_real(value) for _, pairs in bound for _, value in pairs):
        return ()
    return str(node.value), bound


def _rank(folder: Path) -> tuple[bool, int, str]:
    is_aside = any(_SET_ASIDE.search(part) for part in folder.parts)
    return is_aside, len(folder.parts), str(folder)


def _home(path: Path, homes: set[Path]) -> Path | None:
    """Return the nearest folder of a file that has a config."""
    return next((folder for folder in path.parents if folder in homes), None)

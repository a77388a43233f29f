"""Leave out what only repeats another problem of the same project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kvlens.lint.base import Problem
from kvlens.lint.checked import Checked


def without_repeats(checked: Iterable[Checked]) -> Iterator[Checked]:
    """Yield the sources of a project without problems that another file already has.

    An editor shows all of them, as only one of the files may be open.
    """
    files = list(checked)
    undeclared = set(_named(files, "binding-undeclared", "binding"))
    in_environments: set[str] = set()

    def repeats(problem: Problem) -> bool:
        data = problem.data or {}
        if problem.code == "env-member-undeclared":
            return data.get("binding") in undeclared
        if problem.code == "binding-only-in-environments":
            known = set(data["bindings"]) <= in_environments
            in_environments.update(data["bindings"])
            return known
        return False

    for file in files:
        problems = [problem for problem in file.problems if not repeats(problem)]
        if len(problems) == len(file.problems):
            yield file
        elif problems:
            yield replace(file, problems=problems)
        else:
            yield replace(file, problems=[], text="", fixable=None)


def _named(files: Iterable[Checked], code: str, key: str) -> Iterator[str]:
    """Yield what the problems of a rule are about."""
    for file in files:
        for problem in file.problems:
            if problem.code == code and problem.data:
                yield problem.data[key]

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
    texts: set[str] = set()  # of files with problems
    in_environments: set[str] = set()
    named: set[str] = set()

    def repeats(problem: Problem) -> bool:
        data = problem.data or {}
        if problem.code == "binding-undeclared" and "nearest" not in data:
            known = data.get("binding") in named  # one entry in the config declares it for all
            named.add(str(data.get("binding")))
            return known
        if problem.code == "env-member-undeclared":
            return data.get("binding") in undeclared
        if problem.code == "binding-only-in-environments":
            known = set(data["bindings"]) <= in_environments
            in_environments.update(data["bindings"])
            return known
        return False

    for file in files:
        is_same = bool(file.text) and file.text in texts
        texts.add(file.text)
        problems = [each for each in file.problems if not (is_same or repeats(each))]
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

"""Leave out what only repeats another problem of the same project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from kvlens.js.similar_names import is_slip
from kvlens.lint.base import Problem
from kvlens.lint.checked import Checked
from kvlens.text import Span


def without_repeats(checked: Iterable[Checked], configs: Iterable[Checked]) -> Iterator[Checked]:
    """Yield the sources of a project without problems that another file already has.

    An editor shows all of them, as only one of the files may be open. `configs` are the checked
    configs of the project.
    """
    files = list(checked)
    are_types_outdated = any(
        problem.code == "types-outdated" for config in configs for problem in config.problems
    )
    undeclared = set(_named(files, "binding-undeclared", "binding"))
    by_text = _by_text(files)
    in_environments: set[str] = set()
    named: set[str] = set()

    def repeats(problem: Problem) -> bool:
        data = problem.data or {}
        if problem.code == "binding-undeclared" and not _is_misspelled(data):
            known = data.get("binding") in named  # one entry in the config declares it for all
            named.add(str(data.get("binding")))
            return known
        if problem.code == "env-member-undeclared":
            if not data:  # of generated types, which one command updates
                return are_types_outdated
            return data.get("binding") in undeclared
        if problem.code == "binding-only-in-environments":
            known = set(data["bindings"]) <= in_environments
            in_environments.update(data["bindings"])
            return known
        return False

    for file in files:
        original = by_text.get(file.text, file)
        same = set() if original is file else {*map(_key, original.problems)}
        problems = [each for each in file.problems if _key(each) not in same and not repeats(each)]
        if len(problems) == len(file.problems):
            yield file
        elif problems:
            yield replace(file, problems=problems)
        else:
            yield replace(file, problems=[], text="", fixable=None)


def _by_text(files: Iterable[Checked]) -> dict[str, Checked]:
    """Return the first file with problems of each text, or the one that a Worker starts."""
    found: dict[str, Checked] = {}
    for file in files:
        known = found.get(file.text)
        if file.text and (known is None or (file.is_started and not known.is_started)):
            found[file.text] = file
    return found


def _key(problem: Problem) -> tuple[str, Span]:
    return problem.code, problem.span


def _is_misspelled(data: Mapping[str, Any]) -> bool:
    """Return whether each place is to be changed, instead of one entry to be added."""
    return "nearest" in data and is_slip(data["binding"], data["nearest"])


def _named(files: Iterable[Checked], code: str, key: str) -> Iterator[str]:
    """Yield what the problems of a rule are about."""
    for file in files:
        for problem in file.problems:
            if problem.code == code and problem.data:
                yield problem.data[key]

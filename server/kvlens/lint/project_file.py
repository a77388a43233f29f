"""The settings that a project keeps in its repository, for the editor and the shell alike.

They are in `kvlens.toml`, or under `[tool.kvlens]` in `pyproject.toml`, in the folder of a checked
file or the nearest one above. docs/project-file.md describes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from kvlens.config.find import ConfigError, read_config
from kvlens.config.reader import load_text
from kvlens.config.syntax_check import check_config_syntax
from kvlens.config.tables import Definition, Table
from kvlens.files import is_there
from kvlens.lint.base import Level, Levels
from kvlens.lint.path_patterns import PathPattern
from kvlens.lint.registry import find_rule, rules
from kvlens.lint.seed_sources import DEFAULT, SeedSources
from kvlens.lint.suppressions import LEVELS
from kvlens.spelling import nearest
from kvlens.text import Span

NAME, SHARED = "kvlens.toml", "pyproject.toml"
NAMES = (NAME, SHARED)  # the first one in a folder counts
FIELDS = ("rules", "per-file-rules", "exclude", "environments", "seeds")
RULES, PER_FILE, EXCLUDE, ENVIRONMENTS, SEED_FILES = FIELDS


class Mistake(NamedTuple):
    """A part of a project file that is ignored, and why."""

    span: Span
    message: str


class Name(NamedTuple):
    """A name in a project file, and where."""

    text: str
    span: Span


@dataclass(frozen=True)
class ProjectFile:
    """What a project file says. Patterns of paths start at its folder."""

    path: Path | None = None
    text: str = ""
    rules: Levels = field(default_factory=dict)
    per_file: Sequence[tuple[PathPattern, Levels]] = ()
    exclude: Sequence[PathPattern] = ()
    environments: frozenset[str] | None = None
    """The environments of configs that count, besides the top level; None: all of them."""
    seeds: SeedSources = DEFAULT
    mistakes: Sequence[Mistake] = ()
    environment_names: Sequence[Name] = ()
    seed_bindings: Sequence[Name] = ()
    seed_files: Sequence[Name] = ()

    def levels(self, path: Path) -> Levels:
        """Return the severities for a file: later patterns win, and any over `rules`."""
        if not self.per_file:
            return self.rules
        found, place = dict(self.rules), self._relative(path)
        for pattern, levels in self.per_file:
            if place and pattern.matches(place):
                found |= levels
        return found

    def excludes(self, path: Path) -> bool:
        """Return whether a file isn't checked unless the user names it."""
        place = self._relative(path) if self.exclude else None
        return place is not None and any(pattern.matches(place) for pattern in self.exclude)

    def excluding(self, paths: Iterable[Path]) -> list[str]:
        """Return the patterns that exclude some of these files."""
        places = [place for path in paths if (place := self._relative(path))]
        return [f'"{each.text}"' for each in self.exclude if any(map(each.matches, places))]

    def _relative(self, path: Path) -> str | None:
        assert self.path is not None
        folder, whole = self.path.parent, path.absolute()
        return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else None


NONE = ProjectFile()


def project_file(folder: Path) -> ProjectFile:
    """Return the project file that counts in a folder: its own or the nearest one above."""
    whole = folder.absolute()
    found = (project_file_in(place) for place in (whole, *whole.parents))
    return next((each for each in found if each is not None), NONE)


def project_file_in(folder: Path) -> ProjectFile | None:
    """Return the project file in a folder itself, if there is one."""
    for name in NAMES:
        path = folder / name
        if is_there(path) and (found := read_project_file(path)) is not None:
            return found
    return None


def read_project_file(path: Path) -> ProjectFile | None:
    """Return what a file says; None for a pyproject.toml without [tool.kvlens]."""
    try:
        text = read_config(path)
    except ConfigError as error:
        if path.name == SHARED:
            return None
        reason = str(error).removeprefix(f"{path}: ")
        return ProjectFile(path, mistakes=[Mistake(Span(0, 0), f"This file {reason}")])
    return parse(text, path)


def parse(text: str, path: Path) -> ProjectFile | None:
    """Return what a text says; None for a pyproject.toml without [tool.kvlens]."""
    if path.name == SHARED and "kvlens" not in text:
        return None
    config = load_text(text, str(path))
    table: Table | None = config.root
    if path.name == SHARED:
        for name in ("tool", "kvlens"):
            table = _table(table.get(name)) if table else None
        if table is None:
            return None
    assert table is not None
    reader = _Reader()
    if config.refused is not None:
        reason, span = config.refused
        reader.mistakes.append(Mistake(span, f"This file isn't used, because it {reason}."))
    elif (problem := check_config_syntax(config)) is not None:
        reader.mistakes.append(
            Mistake(problem.span, f"Not valid TOML: {problem.message}. What is readable is used.")
        )
    return ProjectFile(
        path,
        text,
        reader.levels(table.get(RULES)),
        [*reader.per_file(table.get(PER_FILE))],
        [*reader.patterns(table.get(EXCLUDE))],
        reader.environments(table.get(ENVIRONMENTS)),
        reader.seeds(table.get(SEED_FILES), path.parent),
        reader.finished(table),
        reader.environment_names,
        reader.seed_bindings,
        reader.seed_files,
    )


def _table(found: Sequence[Definition]) -> Table | None:
    return found[0].table if found and found[0].kind == "table" else None


class _Reader:
    """Reads the fields, and collects the mistakes in them."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.environment_names: list[Name] = []
        self.seed_bindings: list[Name] = []
        self.seed_files: list[Name] = []

    def levels(self, found: Sequence[Definition]) -> Levels:
        """Read a table of rules and their severities."""
        levels: dict[str, Level] = {}
        for code, definition in self._members(found):
            if find_rule(code) is None:
                self._add(definition.key, _no_rule(code))
            elif (level := self._level(definition)) is not None:
                levels[code] = level
        return levels

    def per_file(self, found: Sequence[Definition]) -> Iterator[tuple[PathPattern, Levels]]:
        """Read a table of patterns and their tables of rules."""
        for text, definition in self._members(found):
            levels = self.levels([definition])
            for pattern in self._pattern(text, definition.key):
                yield pattern, levels

    def patterns(self, found: Sequence[Definition]) -> Iterator[PathPattern]:
        """Read a list of patterns."""
        for definition in found[:1]:
            for text, span in self._texts(definition, "a list of patterns of paths"):
                yield from self._pattern(text, span)

    def environments(self, found: Sequence[Definition]) -> frozenset[str] | None:
        """Read a list of names; None without one."""
        for definition in found[:1]:
            for name, span in self._texts(definition, "a list of names of environments"):
                self.environment_names.append(Name(name, span))
        is_list = bool(found) and found[0].kind == "array"
        return frozenset(name for name, _ in self.environment_names) if is_list else None

    def seeds(self, found: Sequence[Definition], folder: Path) -> SeedSources:
        """Read a list of patterns of files, or a table of them by binding."""
        if not found or found[0].kind != "table":
            return SeedSources(folder, patterns=[*self._files(found[0])]) if found else DEFAULT
        members = [*self._members(found)]
        self.seed_bindings += (Name(name, each.key) for name, each in members)
        return SeedSources(folder, {name: [*self._files(each)] for name, each in members})

    def _files(self, definition: Definition) -> Iterator[str]:
        """Yield the valid patterns of a list, or of one string."""
        node = definition.node
        if node is not None and node.kind == "string":
            texts = [(str(node.value), definition.span)]
        else:
            texts = [*self._texts(definition, "a file, a list of files, or a table by binding")]
        for text, span in texts:
            if any(True for _ in self._pattern(text, span)):
                self.seed_files.append(Name(text, span))
                yield text

    def _texts(self, definition: Definition, wanted: str) -> Iterator[tuple[str, Span]]:
        """Yield the strings of a list, each with its span."""
        node = definition.node
        if node is None or definition.kind != "array":
            self._add(definition.span, f"This takes {wanted}")
            return
        for offset, item in node.items:
            start = definition.base + offset
            span = Span(start, start + max(item.length, 0))
            if item.kind == "string":
                yield str(item.value), span
            else:
                self._add(span, f"This takes {wanted}, each as a string")

    def _pattern(self, text: str, span: Span) -> Iterator[PathPattern]:
        try:
            yield PathPattern(text)
        except ValueError as error:
            self._add(span, str(error))

    def finished(self, table: Table) -> Sequence[Mistake]:
        """Return all mistakes, unknown fields included."""
        for name in table.names():
            if name not in FIELDS:
                known = ", ".join(FIELDS[:-1])
                self._add(
                    table.get(name)[0].key,
                    f'There is no setting "{name:.80}"; there are {known} and {FIELDS[-1]}',
                )
        return sorted(self.mistakes)

    def _members(self, found: Sequence[Definition]) -> Iterator[tuple[str, Definition]]:
        for definition in found[:1]:
            if definition.kind != "table" or definition.table is None:
                self._add(definition.span, "This takes a table")
                continue
            for name in definition.table.names():
                yield name, definition.table.get(name)[0]

    def _level(self, definition: Definition) -> Level | None:
        value = definition.node.value if definition.node is not None else None
        for level in LEVELS:
            if value == level:
                return level
        self._add(
            definition.span,
            f"A severity is {', '.join(LEVELS[:-1])} or {LEVELS[-1]}, as a string",
        )
        return None

    def _add(self, span: Span, message: str) -> None:
        self.mistakes.append(Mistake(span, f"{message}. It is ignored."))


def _no_rule(code: str) -> str:
    meant = nearest(code, rules())
    hint = f'did you mean "{meant}"' if meant else "docs/rules lists them"
    return f'There is no rule "{code:.80}" ({hint})'

"""Type third-party configs, one key at a time, and report what goes wrong.

    .venv/bin/python -m scripts.replay_typing FOLDER

It looks for an error at any prefix of a file, a namespace that is forgotten while something below
it is typed, and problems that flicker: that appear or disappear for a moment on lines unrelated to
the typed one. The folder's files are never part of this repository.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kvlens.config.find import ConfigError, find_configs, read_config
from kvlens.config.model import Config
from kvlens.config.reader import ConfigReader
from kvlens.lint.check_config import check_structure
from kvlens.text import LineIndex

_PAIRS = {"[": "]", "{": "}", '"': '"', "'": "'"}


class Mishap(NamedTuple):
    """Something that should not have happened while typing."""

    line: int  # 1-based, the typed line
    typed: str  # its typed part
    what: str


def mishaps(text: str, name: str) -> Iterator[Mishap]:
    """Yield what goes wrong when a config is typed from start to end."""
    yield from _forgotten(text, name)
    for closing in (False, True):
        yield from _flickers(text, name, closing=closing)


def _forgotten(text: str, name: str) -> Iterator[Mishap]:
    """Type the file from its start: entries above the line must stay known."""
    reader = ConfigReader(name)
    starts = LineIndex(text).starts
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        known = _known(reader.read(text[:start]))
        for at in range(start, end + 1):
            config = reader.read(text[:at])
            check_structure(config)
            lost = known - _known(config)
            if lost:
                yield Mishap(number + 1, text[start:at], f"forgot {sorted(map(str, lost))}")


def _flickers(text: str, name: str, *, closing: bool) -> Iterator[Mishap]:
    """Type each line within the complete file; an editor may close quotes and brackets."""
    reader = ConfigReader(name)
    index = LineIndex(text)
    for number in range(len(index.starts)):
        line = index.line(number)
        if not line.strip():
            continue
        start = index.starts[number]
        before, after = text[:start], text[start + len(line) :]
        own = _headed_by(reader.read(text), index, number)  # lines that the typed header applies to
        first, _ = _elsewhere(reader.read(before + after), number)
        last, _ = _elsewhere(reader.read(text), number)
        for at in range(1, len(line)):
            shown = line[:at] + (_closers(line[:at]) if closing else "")
            found, unrelated = _elsewhere(reader.read(before + shown + after), number)
            for code, where in sorted(unrelated - first - last):
                if where in own:
                    continue
                yield Mishap(number + 1, shown, f"{code} came in line {where + 1}")
            for code, where in sorted((first & last) - found):
                if where in own:
                    continue
                yield Mishap(number + 1, shown, f"{code} went in line {where + 1}")


def _headed_by(config: Config, index: LineIndex, line: int) -> range:
    """Return the lines below a header, if there is one on the line."""
    for at, (base, section) in enumerate(config.sections):
        if section.path and index.position(base).line == line:
            later = config.sections[at + 1 :]
            end = index.position(later[0][0]).line if later else len(index.starts)
            return range(line, end)
    return range(0)


def _known(config: Config) -> set[tuple[str | None, str]]:
    return {(namespace.environment, namespace.binding) for namespace in config.namespaces()}


_Found = set[tuple[str, int]]


def _elsewhere(config: Config, line: int) -> tuple[_Found, _Found]:
    """Return the problems on other lines as (code, line): all, and those that don't point here."""
    index = LineIndex(config.text)
    all_of_them: _Found = set()
    unrelated: _Found = set()
    for problem in check_structure(config):
        where = index.position(problem.span.start).line
        if where != line:
            all_of_them.add((problem.code, where))
            if all(index.position(span.start).line != line for span, _ in problem.related):
                unrelated.add((problem.code, where))
    return all_of_them, unrelated


def _closers(typed: str) -> str:
    """Return what an editor inserts after the cursor: the closing quotes and brackets."""
    opened: list[str] = []
    for letter in typed:
        if opened and letter == opened[-1]:
            opened.pop()
        elif opened and opened[-1] in "\"'":
            continue
        elif letter in "#":
            break
        elif letter in _PAIRS:
            opened.append(_PAIRS[letter])
    return "".join(reversed(opened))


def main(arguments: Sequence[str] | None = None) -> int:
    """Type every config in a folder and its subfolders; return 1 if anything went wrong."""
    parser = argparse.ArgumentParser(prog="replay_typing", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--longest", type=int, default=6000, help="characters of a file at most")
    options = parser.parse_args(arguments)
    total = keys = files = 0
    for path in find_configs(options.folder):
        try:
            text = read_config(path)
        except ConfigError:
            continue
        if len(text) > options.longest:
            continue
        files += 1
        keys += 3 * len(text)
        for mishap in mishaps(text, path.name):
            total += 1
            place = f"{path.relative_to(options.folder).as_posix()}:{mishap.line}"
            print(f"{place}  {mishap.typed!r}  {mishap.what}", flush=True)
    print(f"{files} configs, {keys:,} keys, {total} mishaps")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())

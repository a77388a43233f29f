"""Keep what `kvlens check` has found in the user's cache folder, for as long as it holds.

An answer holds while everything is as it was that the check has looked at, KV Lens and the parser
included: see `kvlens.lookups`. It is kept by folder, paths and options. What is kept is JSON, which
can be wrong but does nothing; a file that isn't the user's own isn't read.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import kvlens
from kvlens.files import read_bytes, user_folder
from kvlens.lint.base import Problem, Related, Severity
from kvlens.lint.checked import Checked
from kvlens.lookups import Lookups, is_unchanged
from kvlens.text import Span

_FORM = 1  # of the entries
_LARGEST = 32 * 1024 * 1024  # bytes of an entry
_MOST = 64  # entries
_MOST_BYTES = 128 * 1024 * 1024  # of all entries
_SUFFIX = ".json"
_PARSERS = ("tree_sitter", "tree_sitter_javascript", "tree_sitter_typescript")
_PARTS = ("config", "js", "kv", "lint", "seeds")  # folders of the package that decide what is found
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


FOLDER = "KVLENS_CACHE_DIR"  # the variable that names the folder


def cache_folder() -> Path | None:
    """Return the folder of the answers, in the user's cache; None if the system has none."""
    given = os.environ.get(FOLDER, "")
    if given:
        return Path(given).absolute()
    folder = user_folder("XDG_CACHE_HOME", ["LOCALAPPDATA"], "Library/Caches", ".cache")
    return None if folder is None else folder / "kvlens" / "check"


class CheckCache:
    """The kept answer of one check, given by its paths and options, in the current folder."""

    def __init__(self, paths: Sequence[Path], options: Sequence[object]) -> None:
        self._folder = cache_folder()
        where = [str(Path.cwd()), os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")]
        about = [_FORM, kvlens.__version__, sys.version, where, [*map(str, paths)], options]
        key = hashlib.sha256(json.dumps(about).encode("utf-8", "surrogatepass"))
        self._name = key.hexdigest()[:40] + _SUFFIX

    def load(self) -> list[Checked] | None:
        """Return what was found, if it still holds."""
        if self._folder is None or not _is_private(self._folder):
            return None
        path = self._folder / self._name
        try:
            entry = json.loads(_read(path))
            if entry["program"] != _program():
                return None
            holds = is_unchanged(entry["lookups"], time.time())
            if holds is False:
                return None
            found = [*_loaded(entry["files"])]
        except (OSError, *_MALFORMED):
            return None
        if holds:
            with suppress(OSError):
                os.utime(path)  # used last
        return found

    def save(self, files: Sequence[Checked], seen: Lookups, began: int) -> None:
        """Keep what was found in a check that `began` at a time in ns. Never fails."""
        if self._folder is None:
            return
        record = seen.record(began)
        if record is None:
            return
        entry = {"program": _program(), "lookups": record, "files": [*map(_kept, files)]}
        data = json.dumps(entry, separators=(",", ":")).encode("utf-8", "surrogatepass")
        if len(data) > _LARGEST:
            return
        with suppress(OSError):
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_private(self._folder):
                _write(self._folder / self._name, data)
                _prune(self._folder)


# what is kept -------------------------------------------------------------------------------


def _kept(file: Checked) -> list[Any]:
    return [str(file.path), bool(file.text), [_kept_problem(each) for each in file.problems]]


def _kept_problem(problem: Problem) -> list[Any]:
    more = problem.data.get("more") if problem.data else None
    related = [[*each.span, each.message] for each in problem.related]
    return [problem.code, problem.severity, problem.message, *problem.span, related, more]


def _loaded(files: list[Any]) -> Iterator[Checked]:
    for name, has_text, problems in files:
        path = Path(name)
        found = [_loaded_problem(*each) for each in problems]
        yield Checked(path, _text(path) if has_text and found else "", found)


def _loaded_problem(
    code: str, severity: Any, message: str, start: int, end: int, related: list[Any], more: Any
) -> Problem:
    if severity not in get_args(Severity) or not isinstance(code + message, str):
        raise ValueError(severity)
    others = tuple(Related(Span(int(at), int(to)), str(text)) for at, to, text in related)
    data = None if more is None else {"more": int(more)}
    return Problem(code, severity, message, Span(int(start), int(end)), others, data)


def _text(path: Path) -> str:
    return read_bytes(path, 2**30).decode("utf-8-sig", "replace")


def _program() -> str:
    """Return a digest that changes with the rules, and with the parser."""
    root = Path(kvlens.__file__).parent
    states: list[object] = []
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        with os.scandir(folder) as found:
            for each in sorted(found, key=lambda each: each.name):
                if each.name.endswith(".py"):
                    states.append((each.name, *_state(each.stat())))
                elif each.is_dir() and (folder != root or each.name in _PARTS):
                    waiting.append(Path(each.path))
    for name in _PARSERS:
        spec = importlib.util.find_spec(name)
        place = spec.origin if spec is not None else None
        states.append(_state(Path(place).stat()) if place else None)
    return hashlib.sha256(json.dumps(states).encode()).hexdigest()


def _state(state: os.stat_result) -> tuple[int, int]:
    return state.st_size, state.st_mtime_ns


# the folder ---------------------------------------------------------------------------------


def _is_private(folder: Path) -> bool:
    """Return whether a folder is the user's own, and not a link."""
    try:
        state = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(state.st_mode) and _is_own(state)


def _is_own(state: os.stat_result) -> bool:
    """Return whether only the user can write to a file or folder; Windows sees to it itself."""
    if sys.platform == "win32":
        return True
    return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_WAIT_FOR_NOBODY = getattr(os, "O_NONBLOCK", 0)


def _read(path: Path) -> bytes:
    """Return an entry. Raises OSError, and ValueError if it isn't one of the user's."""
    handle = os.open(path, os.O_RDONLY | _FLAGS | _WAIT_FOR_NOBODY)
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode) or not _is_own(state) or state.st_size > _LARGEST:
            raise ValueError(path)
        return file.read(_LARGEST)


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.stem}.{os.urandom(8).hex()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)  # noqa: PTH105 - a link at the path is replaced, not followed
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _prune(folder: Path) -> None:
    """Remove the entries that were used longest ago, and what a killed check left behind."""
    states = [(entry.stat(follow_symlinks=False), entry.path) for entry in os.scandir(folder)]
    total = 0
    newest = sorted(states, key=lambda each: -each[0].st_mtime)
    for number, (state, path) in enumerate(newest):
        total += state.st_size
        is_stale = path.endswith(".tmp") and state.st_mtime < time.time() - 3600
        if number >= _MOST or total > _MOST_BYTES or is_stale:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108

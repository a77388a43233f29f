"""Turn workerd's output into events: the Worker's console and its exceptions.

workerd logs JSON lines, or text (`file.c++:12: info: …`) in older versions. Its log is verbose,
because only that includes the stacks of exceptions; the rest is left out.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kvlens.lines import Line
from kvlens.worker.errors import SourceProblem
from kvlens.worker.script import Script
from kvlens.worker.workerd_config import OURS, SERVICE

Level = Literal["debug", "log", "info", "warning", "error"]


@dataclass(frozen=True)
class Event:
    """Something to show. An exception has its position, if known.

    `origin` is "worker" for the Worker's own output, "kvlens" for messages about it. Lines and
    columns count from 1.
    """

    kind: Literal["log", "exception", "restarted", "moved", "failed", "request"]
    level: Level
    message: str
    origin: Literal["worker", "kvlens"] = "worker"
    file: Path | None = None
    line: int = 0
    column: int = 0
    problems: tuple[SourceProblem, ...] = ()
    """Of a failed build: every mistake whose place is known."""


_LEVELS: dict[str, Level] = {
    "debug": "debug",
    "log": "log",
    "info": "info",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "fatal": "error",
}
_RECORD = re.compile(r"(?:workerd|kj|capnp|src)/\S+:\d+: (?P<level>\w+): (?P<text>.*)", re.DOTALL)
_STACK = re.compile(
    r"uncaught exception; source = (?P<source>[^;]*); (?:stack|exception) = (?P<text>.*)",
    re.DOTALL,
)
_BARE = re.compile(r"uncaught exception(?:; exception = |: )(?P<text>.*)", re.DOTALL | re.I)
_NATIVE = re.compile(r".*?failed: (?:remote\.)?(?:jsg\.)?", re.DOTALL)
_CONSOLE = re.compile(r"console\.log\(\); message\(\) = (?P<values>\[.*\])", re.DOTALL)
_MARKED = re.compile(r"\x00(debug|error|info|log|warn)(?: |\Z)")
LONGEST_SHOWN = 64 * 1024  # characters of a line; the rest is counted
LONGEST_LINE = 256 * 1024  # bytes read of a line: leaves room for JSON escapes
_LONGEST_ESCAPE = 13  # characters: both halves of a surrogate pair, and one more
_REJECTION = re.compile(r"\x00(rejected|handled) (\d{1,15})(?: |\Z)")  # of rejections.js
HANDLED_WITHIN = 0.25  # seconds that a rejected promise may stay unhandled
_MOST_REJECTED = 1000  # rejected promises that are waiting for this
_UNHANDLED = "Uncaught (in promise) "
_LEFT_OUT = "\0"
_NOISE = ("Not symbolizing stack traces", "became the default as of")


class Places:
    """Maps positions in stack traces from the script that workerd ran to the sources."""

    def __init__(self, script: Script, root: Path, lines_before: int = 0) -> None:
        """Paths are shown relative to `root`."""
        self._script = script
        self._root = root.resolve()
        self._before = lines_before
        names = [module.name for module in script.modules]
        if script.service_worker:
            names.append(SERVICE)
        known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self._frame = re.compile(
            rf"^(?P<before>\s*at (?:.*?\()?)(?:file:///bundle/)?(?P<name>{known}):(?P<line>\d+)(?::(?P<column>\d+))?"
            r"(?P<after>\)?)$",
            re.MULTILINE,
        )
        self._ours = re.compile(rf"\n\s*at [^\n]*{OURS}[^\n]*")

    def rewrite(self, text: str) -> tuple[str, tuple[Path, int, int] | None]:
        """Return the text with source positions, and the first one in the project's own files."""
        if "at " not in text:
            return text, None
        first: list[tuple[Path, int, int]] = []

        def replace(found: re.Match[str]) -> str:
            name, line, column = found["name"], int(found["line"]), int(found["column"] or 0)
            if self._script.service_worker and name == SERVICE:
                name, line = self._script.modules[0].name, line - self._before
                if line < 1:
                    return _LEFT_OUT
            place = self._place(name, line, column)
            if place is not None:
                if not first and "node_modules" not in place[0].parts:
                    first.append(place)
                file, line, column = place
                name = str(file)
                if self._root in file.parents:
                    name = file.relative_to(self._root).as_posix()
            at = f"{name}:{line}:{column}" if column else f"{name}:{line}"
            return found["before"] + at + found["after"]

        text = self._frame.sub(replace, self._ours.sub("", text))
        return text.replace(f"\n{_LEFT_OUT}", ""), first[0] if first else None

    def _place(self, name: str, line: int, column: int) -> tuple[Path, int, int] | None:
        bundled = self._script.maps.get(name)
        if bundled is not None:
            return bundled.find(line, column or 1)
        source = self._script.sources.get(name)
        return (source.resolve(), line, column) if source is not None else None


class Output:
    """Reads the output of one workerd."""

    def __init__(
        self,
        places: Places,
        emit: Callable[[Event], None],
        later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        """`later` schedules a call after some seconds; without it, `end` shows what is waiting."""
        self._places = places
        self._later = later
        self._rejected: dict[str, str] = {}  # unhandled promises, by number
        self._emit = emit
        self._recent: deque[str] = deque(maxlen=50)  # exceptions: each is written several times
        self._held: list[str] = []  # a record that may continue on the next line

    def line(self, line: Line, *, error: bool) -> None:
        """Read one line of standard output or standard error."""
        text = line.data.decode("utf-8", "replace")
        if text.startswith('{"timestamp":'):
            record = _json(text) if not line.left_out else _cut_json(text)
            if isinstance(record, dict) and isinstance(record.get("message"), str):
                self.flush()
                message, left_out = _cut(record["message"], line.left_out)
                self._record({**record, "message": message + left_out})
                return
        text, left_out = _cut(text, line.left_out)
        text += left_out
        if _RECORD.match(text):
            self.flush()
            self._held = [text]
        elif self._held and (text.startswith(("    at ", "stack: ", "  at ")) or not text):
            self._held.append(text)
        else:
            self.flush()
            self._console("error" if error else "log", text)

    def flush(self) -> None:
        """Handle a record that was held back because it might continue."""
        held, self._held = self._held, []
        if not held:
            return
        found = _RECORD.match("\n".join(held))
        if found is not None:
            self._log(found["level"], found["text"])

    def end(self) -> None:
        """Handle everything that was held back, at the end of the output."""
        self.flush()
        for number in list(self._rejected):
            self._unhandled(number)

    def _rejection(self, what: str, number: str, text: str) -> None:
        if what == "handled":
            self._rejected.pop(number, None)
        elif len(self._rejected) < _MOST_REJECTED:
            self._rejected[number] = text
            if self._later is not None:
                self._later(HANDLED_WITHIN, lambda: self._unhandled(number))

    def _unhandled(self, number: str) -> None:
        text = self._rejected.pop(number, None)
        if text is not None:
            self._exception(text, _UNHANDLED.strip())

    def _record(self, record: dict[str, Any]) -> None:
        level, message = str(record.get("level")), record["message"]
        if "source" in record:
            self._log(level, message)
        else:
            self._console(level, message)

    def _log(self, level: str, text: str) -> None:
        console = _CONSOLE.match(text)
        values = _json(console["values"]) if console is not None else None
        if isinstance(values, list):
            self._console("log", " ".join(_shown(value) for value in values))
            return
        found = _STACK.match(text)
        if found is not None:
            self._exception(found["text"], found["source"])
            return
        bare = _BARE.match(text)
        if bare is not None:
            plain = _NATIVE.sub("", bare["text"].partition("\nstack: ")[0], count=1)
            if not any(plain.endswith(seen) or seen.endswith(plain) for seen in self._recent):
                self._exception(plain, "Uncaught")
            return
        severe = _LEVELS.get(level, "info")
        if severe in ("warning", "error") and not any(noise in text for noise in _NOISE):
            text, _ = self._places.rewrite(text.partition("\nstack: ")[0])
            self._emit(Event("log", severe, tidy(text), "kvlens"))

    def _exception(self, text: str, source: str) -> None:
        head = text.partition("\n")[0]
        self._recent.append(head)
        shown, place = self._places.rewrite(text)
        file, line, column = place or (None, 0, 0)
        prefix = f"{source} " if source else ""
        self._emit(Event("exception", "error", prefix + shown, "worker", file, line, column))

    def _console(self, level: str, text: str) -> None:
        marked = _MARKED.match(text)
        if marked is not None:
            level, text = marked[1], text[marked.end() :]
        rejection = _REJECTION.match(text)
        if rejection is not None:
            self._rejection(rejection[1], rejection[2], text[rejection.end() :])
            return
        if text.startswith(_UNHANDLED):
            self._exception(text.removeprefix(_UNHANDLED), _UNHANDLED.strip())
            return
        text, _ = self._places.rewrite(text)
        self._emit(Event("log", _LEVELS.get(level, "log"), text))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _cut_json(text: str) -> Any:
    """Parse the rest of a record that was cut in its last field, the message."""
    for end in range(len(text), max(0, len(text) - _LONGEST_ESCAPE), -1):
        record = _json(text[:end] + '"}')
        if record is not None:
            return record
    return None


def _cut(text: str, left_out: int) -> tuple[str, str]:
    """Shorten a text to the limit, noting how much was left out."""
    left_out += max(0, len(text) - LONGEST_SHOWN)
    note = f"… ({left_out:,} more bytes of this line were left out)" if left_out else ""
    return text[:LONGEST_SHOWN], note


def tidy(text: str) -> str:
    """Return a workerd message without its internal names."""
    return text.removeprefix(f"service {SERVICE}: ")


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

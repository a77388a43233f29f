"""Write text for people: no name, key, value or path may control the terminal."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from kvlens.visible import STEERING, one_line, visible

__all__ = [
    "JsonScreen",
    "colored",
    "exact",
    "exact_output",
    "has_colors",
    "json_text",
    "one_line",
    "screens",
    "visible",
    "visible_json",
]

_COLOR = re.compile("(\x1b\\[[0-9;:]{0,64}m)")  # and other text styles: Select Graphic Rendition
_RESET = "\x1b[0m"
HELD = 8 * 1024 * 1024  # characters of JSON buffered in memory; more is buffered on disk


def colored(text: str, color: str = "") -> str:
    r"""Escape a text like `visible`, but keep its colors; `color` is applied to each line.

    A line with colors ends in a reset, so they don't affect the next one.

    >>> colored("\x1b[31mA\x1b[2J")
    '\x1b[31mA\\x1b[2J\x1b[0m'
    """
    return "\n".join(_colored_line(color + line) for line in text.split("\n"))


def _colored_line(line: str) -> str:
    pieces = _COLOR.split(line)  # every second piece is a color
    if len(pieces) == 1:
        return visible(line)
    shown = "".join(piece if at % 2 else visible(piece) for at, piece in enumerate(pieces))
    return shown if shown.endswith(_RESET) else shown + _RESET


def has_colors(stream: TextIO) -> bool:
    """Return whether colors may be written to a stream: to a terminal, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def json_text(value: object) -> str:
    """Return JSON as wrangler prints it, indented by two spaces; control characters are escaped."""
    from kvlens.kv.values import valid_json  # late: help and the overview have no JSON

    return visible_json(valid_json(value, indent=2, ensure_ascii=False))


def visible_json(text: str) -> str:
    """Return JSON text with the same meaning that can't control a terminal."""
    return re.sub(STEERING, lambda found: f"\\u{ord(found[0]):04x}", text)


class _Screen:
    """A standard stream for people: control characters are escaped."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(visible(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class JsonScreen:
    """Standard output for JSON that is written in pieces: exact, except on a terminal.

    A reader gets all of it at the end of the `with` block, or nothing if the block fails: half an
    array isn't JSON, and a complete one with half of the items is worse. Large output is buffered
    in a temporary file.
    """

    def __init__(self) -> None:
        self._stream = exact_output()
        self._shown = self._stream.isatty()
        how: Any = {"encoding": "utf-8", "errors": "surrogatepass", "newline": ""}
        import tempfile  # late: few commands need it

        self._kept = tempfile.SpooledTemporaryFile(HELD, "w+", **how)  # noqa: SIM115  see __exit__

    def __enter__(self) -> JsonScreen:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        with self._kept as kept:
            if error is None:
                import shutil  # late, as above

                with _named_temporary():
                    kept.seek(0)
                shutil.copyfileobj(kept, self._stream)

    def write(self, text: str) -> int:
        """Write a piece of JSON."""
        with _named_temporary():
            return self._kept.write(visible_json(text) if self._shown else text)


@contextlib.contextmanager
def _named_temporary() -> Iterator[None]:
    """Add the folder that couldn't be written to an error such as "disk full"."""
    try:
        yield
    except OSError as error:
        import tempfile  # late, as above

        place = error.filename or tempfile.gettempdir()
        raise OSError(error.errno, error.strerror, place) from error


@contextlib.contextmanager
def screens() -> Iterator[None]:
    """Escape everything that the block prints to standard output and standard error."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):  # for any system encoding
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stdout, sys.stderr = (cast(TextIO, _Screen(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def exact_output() -> TextIO:
    """Return standard output for data, which is written unchanged."""
    return exact(sys.stdout)


def exact(stream: Any) -> TextIO:
    """Return a standard stream for escaped text, which is written unchanged."""
    return stream.stream if isinstance(stream, _Screen) else cast(TextIO, stream)

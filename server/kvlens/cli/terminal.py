"""Where text leaves for people: no name, key, value or path steers the terminal that shows it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from kvlens.visible import STEERING, one_line, visible

__all__ = [
    "JsonScreen",
    "coloured",
    "exact",
    "exact_output",
    "has_colours",
    "json_text",
    "one_line",
    "screens",
    "visible",
    "visible_json",
]

_COLOUR = re.compile(
    "(\x1b\\[[0-9;:]{0,64}m)"
)  # and other looks of letters: Select Graphic Rendition
_RESET = "\x1b[0m"
HELD = 8 * 1024 * 1024  # characters of JSON that wait in memory; more of it waits on disk


def coloured(text: str, colour: str = "") -> str:
    r"""Return a text as `visible` does, but with its own colours; `colour` is one for each line.

    A line that has any ends in a reset, so that none colours what follows.

    >>> coloured("\x1b[31mA\x1b[2J")
    '\x1b[31mA\\x1b[2J\x1b[0m'
    """
    return "\n".join(_coloured_line(colour + line) for line in text.split("\n"))


def _coloured_line(line: str) -> str:
    pieces = _COLOUR.split(line)  # every second one is a colour
    if len(pieces) == 1:
        return visible(line)
    shown = "".join(piece if at % 2 else visible(piece) for at, piece in enumerate(pieces))
    return shown if shown.endswith(_RESET) else shown + _RESET


def has_colours(stream: TextIO) -> bool:
    """Return whether colours may be written to a stream: to a terminal, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def json_text(value: object) -> str:
    """Return JSON as wrangler prints it, two spaces deep; what steers a terminal is escaped."""
    return visible_json(json.dumps(value, indent=2, ensure_ascii=False))


def visible_json(text: str) -> str:
    """Return JSON text with the same meaning, in which nothing can control a terminal."""
    return re.sub(STEERING, lambda found: f"\\u{ord(found[0]):04x}", text)


class _Screen:
    """A standard stream that people read: what is written to it is made visible."""

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
    """Standard output for JSON that is made bit by bit: exact, unless a terminal shows it.

    A reader gets all of it at the end of the `with` block, or nothing where the block fails: half
    an array is not JSON, and a whole one with half of the items is worse. Much of it waits in a
    temporary file.
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
    """Name the folder that could not be written: an error such as "disk full" doesn't."""
    try:
        yield
    except OSError as error:
        import tempfile  # late, as above

        place = error.filename or tempfile.gettempdir()
        raise OSError(error.errno, error.strerror, place) from error


@contextlib.contextmanager
def screens() -> Iterator[None]:
    """Make all visible that is printed to standard output and standard error in the block."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):  # whatever the system's encoding is
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stdout, sys.stderr = (cast(TextIO, _Screen(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def exact_output() -> TextIO:
    """Return standard output for what is data: written as it is."""
    return exact(sys.stdout)


def exact(stream: Any) -> TextIO:
    """Return a standard stream for what has been made visible: written as it is."""
    return stream.stream if isinstance(stream, _Screen) else cast(TextIO, stream)

"""The output of a serving command on its two streams, which never blocks.

One thread per stream writes the queue. If a reader stops reading or is gone, lines are dropped and
counted, but neither requests nor the end of the process wait for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, TextIO

from kvlens.cli.terminal import colored, exact, has_colors, visible

QUEUED = 4 * 1024 * 1024  # bytes queued for a slow reader
QUEUED_STATE = 2 * QUEUED  # the same for what a reader must not miss
LAST_WORDS = 1.0  # seconds that the reader has at the end
REPORT_AGAIN = 60.0  # seconds before the same error of the loop is logged again
REPORT = "please report it"


class LineWriter:
    """Writes lines to a stream from a separate thread.

    `dropped` makes the line that replaces a number of dropped lines.
    """

    def __init__(self, stream: TextIO, dropped: Callable[[int], str]) -> None:
        self._stream = stream
        self._notice = dropped
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._gone = False  # nobody reads the stream anymore
        self._ending = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def line(self, text: str, *, is_state: bool = False) -> None:
        """Queue a line, or count it if there is no room. Never blocks."""
        data = f"{text}\n".encode("utf-8", "backslashreplace")
        with self._wake:
            if self._gone:
                return
            room = QUEUED_STATE if is_state else QUEUED
            if self._size + len(data) > room or (self._dropped and not is_state):
                self._dropped += 1
                return
            self._lines.append(data)
            self._size += len(data)
            self._wake.notify()

    def close(self, within: float = LAST_WORDS) -> None:
        """Write the queue, for at most `within` seconds, and end."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        self._thread.join(within)

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._lines and not self._dropped and not self._ending:
                    self._wake.wait()
                if not self._lines and not self._dropped:
                    return
                data = b"".join(self._lines)
                taken = len(data)  # counts as queued until it is written
                self._lines.clear()
                dropped, self._dropped = self._dropped, 0
            if dropped:
                data += f"{self._notice(dropped)}\n".encode()
            try:
                self._write(data)
            except (OSError, ValueError):
                with self._wake:
                    self._gone = True
                    self._lines.clear()
                return
            with self._wake:
                self._size -= taken

    def _write(self, data: bytes) -> None:
        raw = getattr(getattr(self._stream, "buffer", None), "raw", None)
        if raw is None:
            self._stream.write(data.decode("utf-8"))
            self._stream.flush()
            return
        view = memoryview(data)
        while view:
            written = raw.write(view)
            if written is None:  # the pipe has been made non-blocking
                time.sleep(0.02)
                continue
            view = view[written:]


class Events:
    """The two streams: events as JSON, or text for people."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # Writers may bypass the escaping on the standard streams, so `text` escapes.
        out, err = exact(sys.stdout), exact(sys.stderr)
        self._out = LineWriter(out, self._dropped)
        self._err = LineWriter(err, _dropped_lines)
        self._colored = {False: has_colors(out), True: has_colors(err)}
        self._reported: dict[str, float] = {}
        self.held: list[tuple[str, bool]] | None = None
        """If this is a list, events are kept in it until `release`."""

    def event(self, kind: str, *, is_state: bool = False, **fields: Any) -> None:
        """Report an event to a program. `is_state`: a reader must not miss it."""
        line = json.dumps({"event": kind, **fields})
        if self.held is not None:
            if len(self.held) < 1000:
                self.held.append((line, is_state))
            return
        self._out.line(line, is_state=is_state)

    def release(self) -> None:
        """Write the events that were held back."""
        held, self.held = self.held or [], None
        for line, is_state in held:
            self._out.line(line, is_state=is_state)

    def text(self, text: str, *, error: bool = False, color: str = "") -> None:
        """Write text for people, on standard error if `error`.

        Control characters are escaped. Colors, also those in the text, are only for terminals.
        """
        shown = colored(text, color) if self._colored[error] else visible(text)
        (self._err if error else self._out).line(shown)

    def log(self, level: str, message: str, **fields: Any) -> None:
        """Write a log message as an event or as text."""
        if self.as_json:
            self.event("log", level=level, message=message, **fields)
        else:
            self.text(f"{level}: {message}", error=True)

    def unexpected(self, error: BaseException) -> None:
        """Report an internal error: one line, and the traceback on request."""
        line = f"internal error: {type(error).__name__}: {error}".partition("\n")[0][:500]
        if self._was_just_reported(line):
            return
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        if self.as_json:
            self.log("error", f"{line}; {REPORT}", traceback=trace)
        elif os.environ.get("KVLENS_DEBUG"):
            self.text(f"{trace}error: {line}; {REPORT}", error=True)
        else:
            self.log("error", f"{line}; KVLENS_DEBUG=1 shows where, {REPORT}")

    def listen_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Report errors on the loop and the log messages of libraries."""
        loop.set_exception_handler(self._on_loop)
        logging.getLogger().addHandler(_Handler(self))

    def close(self) -> None:
        """Write the rest of the queue, within a second, and end."""
        self._out.close()
        self._err.close()

    def _on_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and not isinstance(error, OSError):
            self.unexpected(error)
            return
        # a client that has gone, a system that is out of files
        text = ": ".join(str(part) for part in (context.get("message"), error) if part)
        if not self._was_just_reported(text):
            self.log("warning", text)

    def _was_just_reported(self, text: str) -> bool:
        """Return whether an error was just reported: some occur a thousand times a second."""
        now = time.monotonic()
        if now - self._reported.get(text, -REPORT_AGAIN) < REPORT_AGAIN:
            return True
        if len(self._reported) > 1000:
            self._reported.clear()
        self._reported[text] = now
        return False

    def _dropped(self, count: int) -> str:
        if self.as_json:
            return json.dumps({"event": "dropped", "count": count})
        return _dropped_lines(count)


class _Handler(logging.Handler):
    def __init__(self, events: Events) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._events.unexpected(record.exc_info[1])
        else:
            self._events.log(record.levelname.lower(), record.getMessage())


def _dropped_lines(count: int) -> str:
    return f"… {count:,} more lines were left out: nobody read them in time"

"""Limits on an emulator's connections and on the memory that they use together.

A client that has sent the token is trusted, and stays as long as it likes. All others have a time
limit and are disconnected first: a program without the token can neither use up the file
descriptors nor hold memory. Bodies and responses in flight are counted; at the limit, no more are
read until there is room.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

from kvlens.emulator.memory import Holder, Memory
from kvlens.process import file_descriptors

UNTRUSTED_SECONDS = 10.0  # for a request with the token, and between two without
STALLED_SECONDS = 30.0  # without a byte, while others wait for the memory that it holds
MEMORY = 128 * 1024 * 1024  # bytes of bodies, and of responses, in flight; one may be larger
UNCOUNTED = 64 * 1024  # bytes; smaller bodies and responses aren't counted
CHECK_EVERY = 1.0  # seconds
WARN_AGAIN = 60.0  # seconds before the same message is logged again

_FEWEST, _MOST = 16, 8192

logger = logging.getLogger(__name__)


class Member(Holder, Protocol):
    """The part of a connection that is counted here."""

    trusted: bool
    busy: bool  # answering a request
    since: float  # loop time of its opening, or of the last complete request
    moved: float  # loop time of the last byte sent or received

    def update(self, now: float) -> None:
        """Update `moved`."""

    def abort(self) -> None:
        """Disconnect immediately."""


class Capacity:
    """The open connections and the memory they hold."""

    def __init__(self, *, connections: int | None = None, memory: int = MEMORY) -> None:
        self.open: set[Any] = set()  # of Member
        self.connections = connections or _connections()
        self.bodies, self.answers = Memory(memory), Memory(memory)
        self._warned: dict[str, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._checked = 0.0
        self._handler: Any = None

    # -- start and stop ---------------------------------------------------------------------

    def start(self) -> None:
        """Start the timer."""
        loop = asyncio.get_running_loop()
        self._checked = loop.time()
        self._timer = loop.call_later(CHECK_EVERY, self._check_all)
        self._handler = loop.get_exception_handler()
        loop.set_exception_handler(self._on_loop_error)

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            asyncio.get_running_loop().set_exception_handler(self._handler)

    # -- connections -----------------------------------------------------------------------

    def enter(self, member: Member) -> bool:
        """Count a connection; return False if there are too many, all of them trusted."""
        if len(self.open) >= self.connections:
            untrusted = [one for one in self.open if not one.trusted]
            if not untrusted:
                self._warn(f"All {self.connections} connections are in use; new ones are refused.")
                return False
            oldest = min(untrusted, key=lambda one: float(one.since))
            self.open.discard(oldest)
            oldest.abort()
            self._warn(
                f"Over {self.connections} connections are open; "
                "those without the token are closed, the oldest first."
            )
        self.open.add(member)
        return True

    def leave(self, member: Member) -> None:
        """Stop counting a connection and what it held."""
        self.open.discard(member)
        self.bodies.leave(member)
        self.answers.leave(member)

    # -- the timer -------------------------------------------------------------------------

    def _check_all(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(CHECK_EVERY, self._check_all)
        now = loop.time()
        late, self._checked = now - self._checked > 3 * CHECK_EVERY, now
        if late:  # this process was held up: it hasn't read what clients sent
            return
        for one in list(self.open):
            one.update(now)
            untrusted = not one.trusted and not one.busy
            if (untrusted and now - one.since > UNTRUSTED_SECONDS) or (
                not one.busy and now - one.moved > STALLED_SECONDS and self._blocks_others(one)
            ):
                one.abort()

    def _blocks_others(self, one: Member) -> bool:
        return any(memory.waiting and memory.holds(one) for memory in (self.bodies, self.answers))

    # -- the log ---------------------------------------------------------------------------

    def _warn(self, text: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._warned.get(text, -WARN_AGAIN) >= WARN_AGAIN:
            self._warned[text] = now
            logger.warning("%s", text)

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log once that no descriptors are left; asyncio would log it a hundred times a second."""
        if "socket.accept()" in context.get("message", ""):
            self._warn(
                "New connections wait: this process has no file descriptors left "
                f"({context.get('exception')}). Close programs that are connected, or raise "
                "the limit (ulimit -n)."
            )
        elif self._handler is not None:
            self._handler(loop, context)
        else:
            loop.default_exception_handler(context)


def _connections() -> int:
    """Return the limit of connections: half the descriptors, as the store needs some too."""
    return max(_FEWEST, min(_MOST, file_descriptors() // 2))

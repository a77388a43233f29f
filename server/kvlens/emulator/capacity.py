"""How many connections one emulator accepts, and how much memory they may use together.

A client that has sent the token is trusted, and stays as long as it likes. Everyone else has a
time limit and is disconnected first: a program without the token can neither use up the file
descriptors nor hold memory. Bodies and answers in flight are counted; at the limit, further ones
are not read until there is room.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections import deque
from typing import Any, Protocol

from kvlens.process import file_descriptors

UNTRUSTED_SECONDS = 10.0  # for a request with the token, and between two without
STALLED_SECONDS = 30.0  # without a byte, while others wait for the memory that it holds
MEMORY = 256 * 1024 * 1024  # bytes of bodies and answers in flight; one alone may be larger
UNCOUNTED = 64 * 1024  # bytes up to which a body or an answer is not counted
LARGE_BLOCK = 256 * 1024  # bytes
LOOK_EVERY = 1.0  # seconds
SAY_AGAIN = 60.0  # seconds in which the same is logged once

_FEWEST, _MOST = 16, 8192

logger = logging.getLogger(__name__)


class Member(Protocol):
    """A connection, as far as it is counted here."""

    trusted: bool
    busy: bool  # a request is being answered
    since: float  # loop time of the opening, or of the last whole request
    moved: float  # loop time of the last byte either way
    held: int  # bytes counted

    def go_on(self) -> bool:
        """There may be memory again; return False where there is not enough."""

    def look(self, now: float) -> None:
        """Bring `moved` up to date."""

    def abort(self) -> None:
        """Go at once."""


class Capacity:
    """The connections that are open, and what they hold."""

    def __init__(self, *, connections: int | None = None, memory: int = MEMORY) -> None:
        self.open: set[Any] = set()  # of Member
        self.connections = connections or _connections()
        self.memory = memory
        self.held = 0
        self._waiting: deque[Member] = deque()
        self._gives_back = False
        self._said: dict[str, float] = {}
        self._look: asyncio.TimerHandle | None = None
        self._looked = 0.0
        self._handler: Any = None

    # -- life ------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to watch the clock."""
        loop = asyncio.get_running_loop()
        self._looked = loop.time()
        self._look = loop.call_later(LOOK_EVERY, self._look_around)
        self._handler = loop.get_exception_handler()
        loop.set_exception_handler(self._loop_failed)

    def stop(self) -> None:
        """Watch no longer."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
            asyncio.get_running_loop().set_exception_handler(self._handler)

    # -- connections -----------------------------------------------------------------------

    def enter(self, member: Member) -> bool:
        """Count a connection; False where there are too many, and all are trusted."""
        if len(self.open) >= self.connections:
            untrusted = [one for one in self.open if not one.trusted]
            if not untrusted:
                self._say(f"All {self.connections} connections are in use; new ones are refused.")
                return False
            oldest = min(untrusted, key=lambda one: float(one.since))
            self.open.discard(oldest)
            oldest.abort()
            self._say(
                f"Over {self.connections} connections are open; "
                "those without the token are closed, the oldest first."
            )
        self.open.add(member)
        return True

    def leave(self, member: Member) -> None:
        """Count a connection no longer, nor what it held."""
        self.open.discard(member)
        self.forget(member)
        self.give_back(member, member.held)

    # -- memory ----------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Return whether nothing more should be read or answered for now."""
        return self.held >= self.memory

    def reserve(self, member: Member, size: int) -> bool:
        """Take memory for a body; False where it has to wait, until `go_on` is called."""
        others_first = self._waiting and self._waiting[0] is not member
        if others_first or (self.held and self.held + size > self.memory):
            self.wait(member)
            return False
        self.take(member, size)
        return True

    def take(self, member: Member, size: int) -> None:
        """Count bytes that are there already."""
        if not self._gives_back:
            self._gives_back = True
            _give_large_blocks_back()
        member.held += size
        self.held += size

    def give_back(self, member: Member, size: int) -> None:
        """Count bytes no longer, and let those go on that wait for them."""
        if size:
            member.held -= size
            self.held -= size
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._let_go_on)

    def wait(self, member: Member) -> None:
        """Have `go_on` called when there is memory."""
        if member not in self._waiting:
            self._waiting.append(member)

    def forget(self, member: Member) -> None:
        """Let a connection wait no longer."""
        if self._waiting and member in self._waiting:
            self._waiting.remove(member)
            asyncio.get_running_loop().call_soon(self._let_go_on)

    def _let_go_on(self) -> None:
        while self._waiting:
            first = self._waiting[0]
            if not first.go_on():
                return
            if self._waiting and self._waiting[0] is first:
                self._waiting.popleft()

    # -- the clock -------------------------------------------------------------------------

    def _look_around(self) -> None:
        loop = asyncio.get_running_loop()
        self._look = loop.call_later(LOOK_EVERY, self._look_around)
        now = loop.time()
        late, self._looked = now - self._looked > 3 * LOOK_EVERY, now
        if late:  # we were held up ourselves: what clients sent has not been read yet
            return
        for one in list(self.open):
            one.look(now)
            untrusted = not one.trusted and not one.busy
            if (untrusted and now - one.since > UNTRUSTED_SECONDS) or (
                self._waiting and one.held and not one.busy and now - one.moved > STALLED_SECONDS
            ):
                one.abort()

    # -- the log ---------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._said.get(text, -SAY_AGAIN) >= SAY_AGAIN:
            self._said[text] = now
            logger.warning("%s", text)

    def _loop_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say once what asyncio would say a hundred times a second: no descriptors are left."""
        if "socket.accept()" in context.get("message", ""):
            self._say(
                "New connections wait: this process has no file descriptors left "
                f"({context.get('exception')}). Close programs that are connected, or raise "
                "the limit (ulimit -n)."
            )
        elif self._handler is not None:
            self._handler(loop, context)
        else:
            loop.default_exception_handler(context)


def _connections() -> int:
    """Return how many connections there may be: half the descriptors; the store needs some."""
    return max(_FEWEST, min(_MOST, file_descriptors() // 2))


def _give_large_blocks_back() -> None:
    """Have glibc return what a large body took: else it keeps up to 32 MiB blocks for later.

    It raises the size from which it returns a block at once to that of the last one returned.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    threshold = -3  # M_MMAP_THRESHOLD
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(threshold, LARGE_BLOCK)

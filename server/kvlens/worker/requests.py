"""Which request of a Worker makes a change of a key, if that is certain.

workerd doesn't say. A change belongs to a request for which the Worker is running, or to one that
has ended a moment ago: what it sent last may still arrive, or it goes on in `waitUntil`, for up to
30 seconds. Only if all of these have the same method and path is that what the change is named.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

from kvlens.stores.origin import WORKER, Origin
from kvlens.worker.script import Script

ARRIVES = 0.25  # seconds after a response in which a put of its request may still arrive
WAITS = 31.0  # seconds that `waitUntil` may take, and a little more
MOST_ENDED = 1000  # different names that are remembered
LONGEST = 200  # characters of a name


class Requests:
    """The requests that are running, and those that have just ended."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.lasts = WAITS
        """Seconds after its end in which a request may still write."""
        self._clock = clock
        self._running: Counter[str] = Counter()
        self._ended: dict[str, float] = {}  # name -> when, the latest last
        self._action = ""

    def run(self, script: Script) -> None:
        """Note what the Worker's code is now."""
        waits = any(b"waitUntil" in module.content for module in script.modules)
        self.lasts = max(WAITS if waits else ARRIVES, self.lasts if self._running else 0.0)

    def begin(self, method: str, target: str) -> str:
        """Note that a request begins, and return its name for `end`: "POST /cart"."""
        try:
            path = urlsplit(target).path if "://" in target else target.partition("?")[0]
        except ValueError:
            path = ""
        name = f"{method} {path}"[:LONGEST]
        self._running[name] += 1
        self._action = os.urandom(16).hex()
        return name

    def end(self, name: str) -> None:
        """Note that the response to a request is complete, or its connection is closed."""
        self._running[name] -= 1
        if not self._running[name]:
            del self._running[name]
        self._ended.pop(name, None)
        self._ended[name] = self._clock()
        if len(self._ended) > MOST_ENDED:
            self._ended = dict(list(self._ended.items())[-MOST_ENDED // 2 :])
            self._ended[""] = self._clock()  # stands for those that were forgotten

    def origin(self) -> Origin:
        """Return the origin of a change that the Worker makes now."""
        latest = self._clock() - self.lasts
        while self._ended and next(iter(self._ended.values())) < latest:
            del self._ended[next(iter(self._ended))]
        names = {*self._running, *self._ended}
        if len(names) != 1:
            return Origin(WORKER, "")
        (name,) = names
        alone = self._running[name] == 1 and not self._ended
        return Origin(WORKER, name, self._action if alone else "")

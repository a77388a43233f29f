"""Shared by the commands on the clock: what they do and print."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any

from kvlens.cli.common import find_scope, print_json, print_warnings, run
from kvlens.cli.frame import Options
from kvlens.formatting import span
from kvlens.operations.clock import Clock, notice
from kvlens.operations.target import Scope


def on_clock(options: Options, action: Callable[[Scope], Coroutine[Any, Any, Clock]]) -> int:
    """Do something with the project's clock, and print where it is then."""
    scope = find_scope(options, config_needed=False)
    print_clock(options, run(scope, action(scope)))
    return 0


async def warn_of_clock(scope: Scope, what: str) -> None:
    """Say on standard error that the clock is ahead, and `what` becomes of the keys it hides."""
    store = await scope.store()
    said = await notice(store)
    if said and await store.time() > await store.with_hidden().time():
        print_warnings([f"warning: {said}. {what}"])


def print_clock(options: Options, clock: Clock) -> None:
    """Print where the clock is, and how far that is from the real time."""
    if options.json:
        print_json(clock)
        return
    if "problem" in clock:
        print_warnings([f"warning: {clock['problem']}"])
    print(f"{in_words(clock)}.")
    if is_moved(clock):
        print(
            "Keys that have expired by it are hidden, not removed; kvlens clock reset brings them "
            "back. Date.now() in a Worker stays real."
        )


def is_moved(clock: Clock) -> bool:
    """Return whether it isn't the real time."""
    return clock["frozen"] or clock["seconds"] != 0


def in_words(clock: Clock) -> str:
    """Return the state of the clock as a sentence without a period."""
    if not is_moved(clock):
        return f"The clock isn't moved: it is {_date(clock['time'])}"
    side = "ahead of" if clock["seconds"] >= 0 else "behind"
    away = f"{span(clock['seconds'])} {side} the real time"
    if clock["frozen"]:
        return f"The clock is frozen at {_date(clock['time'])}, {away}"
    return f"The clock is {away}: it is {_date(clock['time'])}"


def _date(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f}"

"""Questions on the terminal before keys are lost, and the option that answers them."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from kvlens.cli.common import counted, run
from kvlens.cli.frame import CommandError
from kvlens.cli.keys import some_keys
from kvlens.operations.target import Scope

T = TypeVar("T")


def force_option(parser: argparse.ArgumentParser, when: str = "needed in scripts") -> None:
    """Add `--force` and its other names."""
    parser.add_argument(
        "--force", "-f", "--yes", "-y", action="store_true", help=f"do not ask ({when})"
    )


def confirmed(question: str) -> bool:
    """Ask on the terminal; return True only for yes.

    Ctrl+C raises KeyboardInterrupt at once, also where it would only cancel an asyncio task.
    """
    answer = ""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
    finally:
        signal.signal(signal.SIGINT, before)
        if not answer.endswith("\n"):  # what follows is on a line of its own
            print(file=sys.stderr)
    return answer.strip().lower() in ("y", "yes")


def lost_keys(places: Iterable[tuple[str, Sequence[str]]], which: str) -> str:
    """Return which keys a question is about, namespace by namespace; empty for none."""
    return "; ".join(
        f"{counted(len(keys), 'key')} of {place} {which}: {some_keys(keys)}"
        for place, keys in places
        if keys
    )


def confirm_unchanged(
    scope: Scope, question: str, look: Callable[[], Coroutine[Any, Any, T]], seen: T, nothing: str
) -> None:
    """Ask about what was `seen`; `nothing` says what was not done.

    Raises CommandError for a no, and if `look` finds something else after the answer.
    """
    if not confirmed(question):
        raise CommandError(nothing)
    if run(scope, look()) != seen:
        raise CommandError(f"the keys have changed since the question; {nothing}")

"""Advance the clock."""

from __future__ import annotations

from kvlens.cli.clock import on_clock
from kvlens.cli.common import place_options
from kvlens.cli.frame import Argument, Command, Options, UsageError
from kvlens.operations.clock import advance
from kvlens.search.language import read_duration


def _advance(options: Options) -> int:
    word = options.words[0]
    found = read_duration(word.removeprefix("-"))
    if not found:
        raise UsageError(
            f"DURATION is {word!r:.80}; it takes a time such as 90s, 15m, 1h or 7d, or -1h to go "
            "back"
        )
    seconds = -found if word.startswith("-") else found
    return on_clock(options, lambda scope: advance(scope, seconds))


COMMAND = Command(
    "Advance the clock by which keys expire.\n"
    "All processes that use the same local keys see it at once: the editor, kvlens dev, kvlens "
    "serve and other commands. A frozen clock stays frozen.",
    _advance,
    place_options,
    (Argument("DURATION", "how far, such as 90s, 15m, 1h or 7d; -1h goes back"),),
    ("kvlens clock advance 1h", "kvlens clock advance -30m --json"),
    {1: "the clock of this store can't be moved"},
)

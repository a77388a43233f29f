"""Advance the clock."""

from __future__ import annotations

from kvlens.cli.clock import print_clock
from kvlens.cli.common import find_scope, place_options, run
from kvlens.cli.frame import Argument, Command, Options, UsageError
from kvlens.operations.clock import advance
from kvlens.search.language import read_duration


def _advance(options: Options) -> int:
    word = options.words[0]
    seconds = read_duration(word)
    if not seconds:
        raise UsageError(f"DURATION is {word!r:.80}; it takes a time such as 90s, 15m, 1h or 7d")
    scope = find_scope(options, config_needed=False)
    print_clock(options, run(scope, advance(scope, seconds)))
    return 0


COMMAND = Command(
    "Advance the clock by which keys expire.\n"
    "All processes that use the same local keys see it at once: the editor, kvlens dev, kvlens "
    "serve and other commands. A frozen clock stays frozen.",
    _advance,
    place_options,
    (Argument("DURATION", "how far, such as 90s, 15m, 1h or 7d"),),
    ("kvlens clock advance 1h", "kvlens clock advance 7d --json"),
    {1: "the clock of this store can't be moved"},
)

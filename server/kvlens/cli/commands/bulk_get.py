"""Print the values of the keys listed in a file."""

from __future__ import annotations

from typing import Any

from kvlens.cli.common import (
    counted,
    damaged_error,
    find_target,
    namespace_options,
    print_json,
    run,
)
from kvlens.cli.frame import Command, CommandError, Options
from kvlens.cli.keys import KEYS_FILE, file_text, some_keys
from kvlens.cli.terminal import one_line
from kvlens.operations.clock import why_hidden
from kvlens.operations.get import get_many
from kvlens.seeds.keys import parse_keys


def _get(options: Options) -> int:
    file = options.words[0]
    keys = parse_keys(file_text(file), file)
    target = find_target(options)
    values = run(target.scope, get_many(target, keys))
    shown: dict[str, Any] = {}
    for key, item in values.found.items():
        shown[key] = dict(item or {"value": None})
        shown[key].pop("key", None)
    print_json(shown)
    if values.damaged:
        raise damaged_error(values.damaged, "the others were read")
    if missing := values.missing:
        count = counted(len(missing), "key")
        why = run(target.scope, why_hidden(target, *missing))
        text = f"{count} not in {one_line(target)}: {some_keys(missing)}"
        raise CommandError(f"{text}; {why}" if why else text)
    return 0


COMMAND = Command(
    "Print the values of the keys listed in a file, as JSON.",
    _get,
    namespace_options,
    (KEYS_FILE,),
    ("kvlens bulk get keys.json --binding SESSIONS > values.json",),
    {1: "a key doesn't exist, or the keys can't be read"},
)

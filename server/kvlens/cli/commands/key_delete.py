"""Delete one key."""

from __future__ import annotations

from kvlens.cli.common import find_target, namespace_options, print_json, run
from kvlens.cli.frame import Command, Options
from kvlens.cli.keys import KEY, missing_key, quoted
from kvlens.cli.terminal import one_line
from kvlens.operations.delete import delete


def _delete(options: Options) -> int:
    key = options.words[0]
    target = find_target(options)
    if not run(target.scope, delete(target, [key])):
        raise run(target.scope, missing_key(key, target))
    if options.json:
        print_json({"key": key, "id": target.id, "deleted": 1})
    else:
        print(f"Deleted key {quoted(key)} from {one_line(target)}.")
    return 0


COMMAND = Command(
    "Delete one key.",
    _delete,
    namespace_options,
    (KEY,),
    ("kvlens key delete greeting --binding SESSIONS",),
    {1: "there is no such key, or it can't be deleted"},
)

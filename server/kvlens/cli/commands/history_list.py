"""List what has changed."""

from __future__ import annotations

import argparse
import time

from kvlens.cli.common import counted, place_options, print_json, run
from kvlens.cli.frame import Command, Options, whole_number
from kvlens.cli.history import history_scope, local_time
from kvlens.cli.terminal import one_line
from kvlens.formatting import human_size
from kvlens.history.queries import Filter, Recorded, Side
from kvlens.operations.history import list_history, name_of
from kvlens.operations.history_json import action_json
from kvlens.operations.target import find_target

CHANGES = 20  # shown of one action


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--binding", metavar="NAME", help="only this namespace (default: all)")
    add("--key", metavar="KEY", help="only this key")
    add("--prefix", metavar="P", help="only keys that start with P")
    add("--writer", metavar="NAME", help="only what this one has written: editor, shell, Worker, …")
    add("--since", type=whole_number, metavar="S", help="only the last S seconds")
    add(
        "--limit",
        type=whole_number,
        metavar="N",
        default=20,
        help="at most N actions (default: 20)",
    )
    add("--before", type=whole_number, metavar="ID", help="only actions older than this one")
    place_options(parser)


def _list(options: Options) -> int:
    scope = history_scope(options)
    wanted = Filter(
        ns=find_target(scope, binding=options.binding).id if options.binding else None,
        key=options.key,
        prefix=options.prefix,
        writer=options.writer,
        since=None if options.since is None else time.time() - options.since,
    )
    found = run(
        scope,
        list_history(scope, wanted, before=options.before, limit=options.limit, changes=CHANGES),
    )
    if options.json:
        print_json([action_json(scope, one) for one in found])
        return 0
    for action, changes in found:
        keys = counted(action.keys, "key") if action.keys != 1 else ""
        left_out = f"{counted(action.left_out, 'key')} not recorded" if action.left_out else ""
        parts = [action.writer, action.title, keys, left_out]
        said = one_line(" · ".join(part for part in parts if part))
        print(f"{action.id}  {local_time(action.time)}  {said}")
        for one in changes:
            print(f"    {one.id}  {one_line(name_of(scope, one.ns))}  {_change(one)}")
        if action.keys > len(changes):
            print(f"    … and {action.keys - len(changes):,} more")
    if not found:
        asked = (*wanted, options.before)
        if any(one is not None for one in asked):
            print("No recorded change matches these options.")
        else:
            print("No changes recorded yet; a put, a seed or a Worker's write will be listed here.")
    return 0


def _change(one: Recorded) -> str:
    return f"{one_line(one.key)}  {_side(one.before)} → {_side(one.after)}"


def _side(side: Side | None) -> str:
    if side is None:
        return "none"
    size = "" if side.size is None else human_size(side.size)
    return size if side.content is not None else f"{size} (not known)".strip()


COMMAND = Command(
    "List what has changed, the newest first.\n"
    "Each action has a number, and each of its changes has one. The history is in "
    ".wrangler/kvlens/history; KVLENS_HISTORY is its size in MB (default: 256; 0 turns it off).",
    _list,
    _options,
    (),
    (
        "kvlens history list",
        "kvlens history list --key cart:7 --json",
        "kvlens history list --writer Worker --since 3600",
    ),
    {1: "the config or the history can't be read"},
)

"""Print all keys, as JSON."""

from __future__ import annotations

import argparse

from kvlens.cli.common import find_target, json_lines, namespace_options, run
from kvlens.cli.frame import Command, Options
from kvlens.cli.terminal import JsonScreen
from kvlens.operations.list_keys import listed, pages
from kvlens.operations.target import Target


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefix", metavar="P", default="", help="only keys that start with P")
    namespace_options(parser)


def _list(options: Options) -> int:
    target = find_target(options)
    with JsonScreen() as out:
        run(target.scope, _write(target, options.prefix, out))
    return 0


async def _write(target: Target, prefix: str, out: JsonScreen) -> None:
    written = False
    async for page in pages(target, prefix=prefix):
        if page.keys:
            items = [listed(info) for info in page.keys]
            out.write((",\n" if written else "[\n") + json_lines(items))
            written = True
    out.write("\n]\n" if written else "[]\n")


COMMAND = Command(
    "Print all keys, their expiration and metadata, as JSON.\n"
    "For a damaged key, `damaged` says what is wrong.\n"
    "If some keys can't be read, it prints only the error.",
    _list,
    _options,
    (),
    ("kvlens key list --binding SESSIONS --prefix user:",),
    {1: "the keys can't be read"},
)

"""Print all keys, or those that match a filter, as JSON."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence

from kvlens.cli.common import find_target, json_lines, namespace_options, run
from kvlens.cli.frame import Command, CommandError, Options, UsageError
from kvlens.cli.terminal import JsonScreen
from kvlens.operations.list_keys import listed, listed_row, pages
from kvlens.operations.target import Target
from kvlens.search.language import Filter, FilterError, read
from kvlens.search.sorting import SORTS, sort_key


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--prefix", metavar="P", default="", help="only keys that start with P")
    add(
        "--filter",
        metavar="EXPR",
        help="only keys that match, such as 'user:* ttl<1h'; see docs/filter.md",
    )
    add(
        "--sort",
        metavar="COLUMN",
        type=_column,
        help=f"{', '.join(SORTS[:-1])} or {SORTS[-1]} (default: key)",
    )
    add("--descending", action="store_true", help="sort in the opposite order")
    namespace_options(parser)


def _column(word: str) -> str:
    if sort_key(word) is None:
        raise argparse.ArgumentTypeError(f"{word!r:.80}: it takes {', '.join(SORTS)}")
    return word


def _list(options: Options) -> int:
    target = find_target(options)
    if options.filter is None and not options.sort and not options.descending:
        items = _keys(target, options.prefix)
    elif options.prefix:
        raise UsageError(
            "--prefix can't be combined with --filter, --sort or --descending; "
            "write the prefix as a filter: --filter 'P*'"
        )
    else:
        try:
            filter = read(options.filter or "")
        except FilterError as error:
            raise UsageError(f"--filter: {error}") from None
        items = _rows(target, filter, options)
    with JsonScreen() as out:
        run(target.scope, _write(items, out))
    return 0


async def _keys(target: Target, prefix: str) -> AsyncIterator[Sequence[object]]:
    async for page in pages(target, prefix=prefix):
        yield [listed(info) for info in page.keys]


async def _rows(
    target: Target, filter: Filter, options: Options
) -> AsyncIterator[Sequence[object]]:
    from kvlens.operations.view import PAGE_LIMIT, SORT_LIMIT, View  # late: it imports asyncio

    sort: str = options.sort or "key"
    view = View(target, filter, sort, options.descending, lambda state: None)
    try:
        await view.start()
        await view.complete()
        if view.state.order != sort:
            raise CommandError(
                f"{view.state.matched:,} keys match, and at most {SORT_LIMIT:,} can be sorted by "
                f"{sort}. Narrow --filter, or leave --sort out."
            )
        for offset in range(0, view.state.matched, PAGE_LIMIT):
            yield [listed_row(row) for row in await view.rows(offset, PAGE_LIMIT)]
    finally:
        view.close()


async def _write(items: AsyncIterator[Sequence[object]], out: JsonScreen) -> None:
    written = False
    async for some in items:
        if some:
            out.write((",\n" if written else "[\n") + json_lines(some))
            written = True
    out.write("\n]\n" if written else "[]\n")


COMMAND = Command(
    "Print all keys, their expiration and metadata, as JSON.\n"
    "With --filter, --sort or --descending, also the type, size and start of their values.\n"
    "For a damaged key, `damaged` says what is wrong.\n"
    "If some keys can't be read, it prints only the error.",
    _list,
    _options,
    (),
    (
        "kvlens key list --binding SESSIONS --prefix user:",
        "kvlens key list --binding SESSIONS --filter 'type:json meta.user=ada -draft'",
        "kvlens key list --binding SESSIONS --filter 'size>10k' --sort size",
    ),
    {1: "the keys can't be read, or are too many to be sorted"},
)

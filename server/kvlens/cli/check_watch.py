"""Check again whenever a file changes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import watchfiles

from kvlens.cli.check_run import is_checked
from kvlens.cli.frame import INTERRUPTED, CommandError
from kvlens.cli.terminal import exact_output
from kvlens.config.find import SKIPPED_FOLDERS

_CLEAR = "\x1b[2J\x1b[H"
_POLL = 500  # ms until Ctrl+C is seen


def watch(words: Sequence[str], check: Callable[[], int]) -> int:
    """Run a check now and after each change below the paths, until Ctrl+C."""
    folders = {
        path if path.is_dir() else path.parent for path in (Path(word).absolute() for word in words)
    }

    def matters(_: watchfiles.Change, name: str) -> bool:
        path = Path(name)
        inside = (path.relative_to(top).parts for top in folders if path.is_relative_to(top))
        return is_checked(path) and any(SKIPPED_FOLDERS.isdisjoint(parts) for parts in inside)

    checked = False
    with suppress(KeyboardInterrupt):
        for changes in watchfiles.watch(
            *folders,
            watch_filter=matters,
            debounce=200,
            yield_on_timeout=True,
            rust_timeout=_POLL,
        ):
            if checked and not changes:
                continue
            checked = True
            if sys.stdout.isatty():
                exact_output().write(_CLEAR)
            try:
                check()
            except CommandError as error:  # such as a baseline that is being written
                print(f"kvlens check: {error}", file=sys.stderr)
            print("Watching for changes; press Ctrl+C to stop.", file=sys.stderr, flush=True)
            sys.stdout.flush()
    return INTERRUPTED

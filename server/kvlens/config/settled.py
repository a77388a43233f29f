"""Wait for the end of a save: many an editor empties a file first and then writes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from kvlens.config import Config, load_text
from kvlens.config.find import ConfigError, read_config

GRACE = 0.3  # seconds that a doubtful text has to stay as it is until it counts
LONGEST = 3.0  # seconds after which it counts even if it keeps changing
_LOOK_EVERY = 0.05


async def settled(path: Path, is_whole: Callable[[str], bool]) -> None:
    """Wait until a config that has changed may be acted on.

    That is at once where its text `is_whole`. One that is not, that is empty or that cannot be
    read may be a save half-way, and has to stay as it is for `GRACE`. One that is gone with its
    folder counts at once: an editor takes no folder away.
    """
    began = since = time.monotonic()
    text = _text(path)
    while not (text and text.strip() and is_whole(text)):
        while True:
            if text is None and not path.parent.is_dir():
                return
            await asyncio.sleep(_LOOK_EVERY)
            before, text = text, _text(path)
            now = time.monotonic()
            if text != before:
                since = now
                break
            if now - since >= GRACE:
                return
        if now - began >= LONGEST:
            return


def keeps_namespaces(config: Config) -> Callable[[str], bool]:
    """Return a function that tells whether a text has all of this config's namespaces."""
    known = _meaning(config)
    return lambda text: known <= _meaning(load_text(text, config.path))


def _meaning(config: Config) -> set[tuple[str | None, str, str]]:
    return {(one.environment, one.binding, one.id) for one in config.namespaces()}


def _text(path: Path) -> str | None:
    try:
        return read_config(path)
    except ConfigError:
        return None

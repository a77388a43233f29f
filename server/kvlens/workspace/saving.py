"""Wait for the end of a save: many editors empty a file first and then write it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from kvlens.config.find import ConfigError, read_config
from kvlens.config.model import Config
from kvlens.config.reader import load_text

GRACE = 0.3  # seconds that a suspect text must stay unchanged before it counts
LONGEST = 3.0  # seconds after which it counts even if it keeps changing
_LOOK_EVERY = 0.05


async def saved(path: Path, is_whole: Callable[[str], bool]) -> None:
    """Wait until a changed config can be used.

    If its text `is_whole`, returns immediately. A text that isn't, an empty one and one that can't
    be read may be half a save, and must stay unchanged for `GRACE`. If its folder is gone too, it
    isn't a save.
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
    """Return a function that checks whether a text still has all namespaces of this config."""
    known = _ids(config)
    return lambda text: known <= _ids(load_text(text, config.path))


def _ids(config: Config) -> set[tuple[str | None, str, str]]:
    return {(one.environment, one.binding, one.id) for one in config.namespaces()}


def _text(path: Path) -> str | None:
    try:
        return read_config(path)
    except ConfigError:
        return None

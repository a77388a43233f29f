"""The folder `.wrangler` beside a config: the only one that is written to without being named."""

from __future__ import annotations

import os
from pathlib import Path

from .base import StoreError

OWN = ".wrangler"


def own(base: Path, *parts: str) -> Path:
    """Return a path below `.wrangler` in the folder `base`.

    Raises StoreError where a link on the way leads out of `base`: a project that somebody else
    made must not choose where on this machine its keys are written.
    """
    path = base.joinpath(OWN, *parts)
    check_inside(base, path)
    return path


def check_inside(base: Path, *paths: Path, else_: str = "") -> None:
    """Raise StoreError where one of these paths, links followed, is not below `base`.

    `else_` is another way out than to remove the link, as words to go on with.
    """
    home = os.path.normcase(os.path.realpath(base))
    for path in paths:
        real = os.path.normcase(os.path.realpath(path))
        if real != home and not real.startswith(home.rstrip(os.sep) + os.sep):
            raise StoreError(
                f"{path} leads to {os.path.realpath(path)}, outside {base}, and nothing is written "
                f"through such a link. Remove it{else_}."
            )

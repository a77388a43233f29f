"""Whether a script of the project fills in a placeholder before it deploys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from kvlens import files, lookups
from kvlens.config.model import Config
from kvlens.config.project_context import repository
from kvlens.config.references import is_reference_file
from kvlens.memo import memo

_FOLDERS = (".github/workflows", "scripts", ".")  # of the config and of the repository
_SCRIPT = re.compile(r".+\.(?:sh|bash|ps1|py|[cm]?[jt]s)\Z")
_REPLACES = re.compile(
    r"\b(?:sed|perl|awk|envsubst|yq)\b|(?:\breplace|\breplaceAll|sub)\(|-replace\b"
    r"|\.split\([^()\n]{1,80}\)\s*\.join\("
)
_MOST = 100  # files that are read
_LARGEST = 256 * 1024  # bytes of one
_LONGEST = 100  # characters before the name of a script


def is_filled_in(config: Config, value: str) -> bool:
    """Return whether a CI file or a script that replaces text in a config has this text in it."""
    return any(value in text for text in _scripts(config))


def names_script(config: Config, value: str) -> bool:
    """Return whether a text names the script that fills it in: `set-by-scripts/ids.ts`."""
    path = Path(config.path)
    if not path.is_absolute() or "/" not in value or not _SCRIPT.match(value) or ".." in value:
        return False
    first, _, rest = value.partition("/")
    names = {f"{first[at:]}/{rest}" for at in (0, *_after_hyphens(first))}
    roots = dict.fromkeys((path.parent, repository(path.parent)))
    return any(lookups.kind(root / name) == "file" for root in roots for name in names)


def _after_hyphens(text: str) -> Iterator[int]:
    return (at + 1 for at, letter in enumerate(text[:_LONGEST]) if letter in "-_ ")


@memo
def _scripts(config: Config) -> tuple[str, ...]:
    path = Path(config.path)
    if not path.is_absolute():
        return ()
    roots = dict.fromkeys((path.parent, repository(path.parent)))
    folders = [root / name for root in roots for name in _FOLDERS]
    found = islice((file for folder in folders for file in _files_in(folder)), _MOST)
    texts = (files.text_or_empty(path, _LARGEST) for path in dict.fromkeys(found))
    return tuple(text for text in texts if "wrangler" in text and _REPLACES.search(text))


def _files_in(folder: Path) -> Iterator[Path]:
    for name, _ in lookups.entries(folder):
        if _SCRIPT.match(name) or is_reference_file(folder / name):
            yield folder / name

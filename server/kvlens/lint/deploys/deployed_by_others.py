"""Whether others deploy a project, each with namespaces of their own.

Source: Cloudflare's documentation on Deploy to Cloudflare buttons, "Automatic resource
provisioning": a button creates the namespaces and fills in their ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kvlens import files, lookups
from kvlens.config.model import Config
from kvlens.config.project_context import repository
from kvlens.memo import memo

_BUTTON = "https://deploy.workers.cloudflare.com/?url="
# README.md, also in other languages: README.zh-CN.md, README_ja.md
_README = re.compile(r"readme(?:[._-][a-z]{2}(?:[_-][a-z]{2,4})?)?\.md\Z", re.IGNORECASE)
_CREATE = re.compile(r"\bkv(?::| )namespaces? create\b")
_OTHERS = re.compile(
    r"\bgit clone\b|\bfork(?:s|ed|able|ing)?\b|\bself[- ]host|\buse this template\b"
    r"|\byour own (?:instance|copy|worker|cloudflare)",
    re.IGNORECASE,
)
_LARGEST = 256 * 1024  # bytes of a README that is read


@memo
def is_deployed_by_others(config: Config) -> bool:
    """Return whether a README tells others how to deploy the project.

    It has a Deploy to Cloudflare button next to the config, or says how to get the project and
    create a namespace for it.
    """
    path = Path(config.path)
    if not path.is_absolute():
        return False
    if any(_BUTTON in text for text in _readmes(path.parent)):
        return True
    folders = dict.fromkeys((path.parent, repository(path.parent)))
    return any(
        _CREATE.search(text) and _OTHERS.search(text)
        for folder in folders
        for text in _readmes(folder)
    )


def _readmes(folder: Path) -> Iterator[str]:
    for name, _ in lookups.entries(folder):
        if _README.match(name):
            yield files.text_or_empty(folder / name, _LARGEST)

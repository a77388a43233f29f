"""Whether a project is deployed with a button, which creates the namespaces and fills in their ids.

Source: Cloudflare's documentation on Deploy to Cloudflare buttons, "Automatic resource
provisioning".
"""

from __future__ import annotations

from pathlib import Path

from kvlens import files, lookups
from kvlens.config.model import Config
from kvlens.memo import memo

_BUTTON = "https://deploy.workers.cloudflare.com/?url="
_LARGEST = 256 * 1024  # bytes of a README that is read


@memo
def has_deploy_button(config: Config) -> bool:
    """Return whether the README next to a config has a Deploy to Cloudflare button."""
    path = Path(config.path)
    if not path.is_absolute():
        return False
    for name, _ in lookups.entries(path.parent):
        if name.lower() == "readme.md":
            return _BUTTON in files.text_or_empty(path.parent / name, _LARGEST)
    return False

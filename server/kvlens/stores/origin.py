"""Who makes a change, as the history of keys names it."""

from __future__ import annotations

import os
from typing import NamedTuple


class Origin(NamedTuple):
    """The writer of a change and what it does, such as "Worker" and "POST /cart"."""

    writer: str
    title: str
    action: str = ""
    """Changes with the same one belong together; with none, each change is on its own."""

    @classmethod
    def action_of(cls, writer: str, title: str) -> Origin:
        """Return the origin of one action, all of whose changes belong together."""
        return cls(writer, title, os.urandom(16).hex())


EDITOR = "editor"
SHELL = "shell"
WORKER = "Worker"
SEED_FILE = "seed file"
REST = "REST API"
PYTHON = "Python"
OUTSIDE = "outside KV Lens"
UNKNOWN = Origin("KV Lens", "")

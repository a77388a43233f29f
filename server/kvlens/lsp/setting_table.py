"""The documented settings. `Settings` reads their defaults and limits.

docs/settings.md and the manifest of the extension are generated from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from kvlens.history.size import DEFAULT_SIZE, MOST
from kvlens.kv.limits import COMPATS, OLD_NAMES
from kvlens.stores.registry import DEFAULT_STORE


class Setting(NamedTuple):
    """One setting, `kvlens.NAME`. Its type is that of its default."""

    name: str
    default: Any
    about: str
    """What it does, in Markdown."""
    scope: Literal["resource", "window", "machine"] = "resource"
    choices: Mapping[str, str] = {}
    """The valid values, with what each does; any value if empty."""
    limits: tuple[int, int] | None = None
    items: str | None = None
    """The type of a list's elements."""
    page: str | None = None
    """The page with details, apart from docs/settings.md."""
    of_server: bool = True
    """Whether the server reads it, which makes it available in other editors."""


_COMPAT_ABOUT = {
    "strict": "Everything that today's `workerd` runtime supports works. What it accepts but "
    "Miniflare 2's rules refuse (an undefined key, a `limit` of 0, a `cacheTtl` below 60 seconds) "
    "is an error.",
    "workerd": "Exactly as today's `workerd` runtime.",
}
_SETTINGS = (
    Setting("store", DEFAULT_STORE, "Where keys are kept.", page="stores.md"),
    Setting(
        "port",
        0,
        "Port of the emulator on 127.0.0.1. `0` selects a free port for each window. Set a fixed "
        "one for a Worker or a script that reads the keys over HTTP.",
        limits=(0, 65535),
    ),
    Setting(
        "compat",
        COMPATS[0],
        "How strictly the emulator checks KV calls.",
        choices={
            **{mode: _COMPAT_ABOUT[mode] for mode in COMPATS},
            **{old: f"The old name of `{mode}`." for old, mode in OLD_NAMES.items()},
        },
        page="fidelity.md",
    ),
    Setting(
        "history.size",
        DEFAULT_SIZE,
        "Size of the history of a project in MB: what changes of keys were before and after. It is "
        "in `.wrangler/kvlens/history`; the oldest changes go first. `0` turns it off.",
        limits=(0, MOST),
        page="history.md",
    ),
    Setting(
        "autoStart",
        True,
        "Start the emulator when you open a workspace with one config. Otherwise it starts when "
        "you open a namespace or run `KV Lens: Restart Emulator`.",
    ),
    Setting(
        "allowedHosts",
        (),
        "Host names that a Worker on this machine answers in addition to `localhost`, such as "
        "`app.example`, or "
        "`.example` for it and its subdomains. Others are refused, so that a web page can't reach "
        "the Worker under its own host name (DNS rebinding).",
        items="string",
    ),
    Setting(
        "semanticHighlighting",
        True,
        "Color `wrangler.toml` where no extension for TOML does.",
    ),
    Setting("openLens", True, "Show the number of keys, and a link to them, above each namespace."),
    Setting("seedLens", True, "Show a link that seeds from a file above each namespace."),
    Setting("runLens", True, "Show a link that runs the Worker above `main`."),
    Setting(
        "rules",
        {},
        "The severity of a rule's problems: `error`, `warning`, `information`, or `off`, such as "
        '`{"id-shared": "off"}`. A severity also turns on a rule that is off by default. '
        "To turn a rule off for one line, add the comment `# kvlens-disable-line CODE`.",
        page="rules/README.md",
    ),
    Setting(
        "tree.delimiters",
        (":", "/"),
        "What separates folders in the names of keys in the view. If empty, all keys are in one "
        "list.",
        items="string",
        of_server=False,
    ),
    Setting(
        "interpreter",
        "",
        "Path of the Python (3.10 or newer) that runs the server. If empty, the first suitable "
        "`python3`, `python` or `py` on PATH is used. A workspace can't set this.",
        scope="machine",
        of_server=False,
    ),
    Setting(
        "trace.server",
        "off",
        "Whether to log the messages between VS Code and the server, and how much of them.",
        scope="window",
        choices=dict.fromkeys(("off", "messages", "verbose"), ""),
        of_server=False,
    ),
)
SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in _SETTINGS}

"""The user's settings, as the client sends them. Invalid values are replaced by defaults."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from kvlens.history.size import MOST
from kvlens.kv.limits import COMPATS, Compat, read_compat
from kvlens.lint.base import Level
from kvlens.lint.registry import rules
from kvlens.lint.suppressions import LEVELS
from kvlens.lsp.setting_table import SETTINGS
from kvlens.worker.hosts import allowed_host


@dataclass(frozen=True)
class Settings:
    """The settings `kvlens.*` that the server reads."""

    store: str = SETTINGS["store"].default
    port: int = SETTINGS["port"].default
    compat: Compat = SETTINGS["compat"].default
    historySize: int = SETTINGS["history.size"].default  # noqa: N815 - in the style of the others
    autoStart: bool = SETTINGS["autoStart"].default  # noqa: N815 - the name in settings.json
    allowedHosts: tuple[str, ...] = SETTINGS["allowedHosts"].default  # noqa: N815 - of a Worker's port
    semanticHighlighting: bool = SETTINGS["semanticHighlighting"].default  # noqa: N815
    openLens: bool = SETTINGS["openLens"].default  # noqa: N815 - the three kinds of code lenses
    seedLens: bool = SETTINGS["seedLens"].default  # noqa: N815
    runLens: bool = SETTINGS["runLens"].default  # noqa: N815
    trusted: bool = True  # whether the user trusts the workspace; not a setting
    rules: Mapping[str, Level] = field(default_factory=dict)  # a rule's code -> its severity

    @property
    def starts_alone(self) -> bool:
        """Whether the emulator starts with the workspace."""
        return self.autoStart and self.trusted


NESTED = {"historySize": "history.size"}
"""The names of settings that have a section of their own."""
CHOICES: dict[str, tuple[str, ...]] = {"compat": COMPATS}


def read_settings(sent: Any, *, trusted: bool = True) -> tuple[Settings, list[str]]:
    """Return the settings that a client sent, and one sentence about each error in them.

    Takes `{"kvlens": {…}}` or its inner object; unknown names are ignored. `trusted` is the default
    if the client doesn't send it.
    """
    if isinstance(sent, dict) and isinstance(sent.get("kvlens"), dict):
        sent = sent["kvlens"]
    settings = Settings(trusted=trusted)
    complaints: list[str] = []
    if not isinstance(sent, dict):
        return settings, complaints
    for known in fields(Settings):
        name = NESTED.get(known.name, known.name)
        section, _, last = name.rpartition(".")
        inside = sent.get(section) if section else sent
        value: Any = inside.get(last) if isinstance(inside, dict) else None
        default = getattr(settings, known.name)
        if value is None:
            continue
        if known.name == "trusted":
            settings = replace(settings, trusted=value is True)
            continue
        if known.name == "allowedHosts":
            hosts, wrong_hosts = read_hosts(value)
            complaints += [f"kvlens.allowedHosts: {reason}" for reason in wrong_hosts]
            settings = replace(settings, allowedHosts=hosts)
            continue
        wrong = type(value) is not type(default)
        limits = SETTINGS[name].limits
        if limits and not wrong:
            wrong = not limits[0] <= value <= limits[1]
        if known.name == "compat":
            with contextlib.suppress(ValueError):
                value = read_compat(value)
        choices = CHOICES.get(known.name)
        if wrong or (choices and value not in choices):
            wanted = " or ".join(choices) if choices else type(default).__name__
            if known.name == "historySize":
                wanted = f"a number of MB from 0 (off) to {MOST}"
            if known.name == "port":
                wanted = "a number from 0 (any free port) to 65535"
            complaints.append(f"kvlens.{name} is {value!r}; it takes {wanted}. Using {default!r}.")
            continue
        if known.name == "rules":
            value, wrong_rules = read_levels(value)
            complaints += [f"kvlens.rules: {reason}" for reason in wrong_rules]
        changed: dict[str, Any] = {known.name: value}
        settings = replace(settings, **changed)
    return settings, complaints


def read_hosts(sent: Any) -> tuple[tuple[str, ...], list[str]]:
    """Return the valid host names, and the errors in the others."""
    if not isinstance(sent, list):
        return (), [f"it takes a list of host names, not {sent!r:.80}."]
    hosts: list[str] = []
    complaints: list[str] = []
    for name in sent:
        try:
            hosts.append(allowed_host(name if isinstance(name, str) else f"{name!r:.80} "))
        except ValueError as error:
            complaints.append(f"{error}.")
    return tuple(hosts), complaints


def read_levels(sent: Mapping[Any, Any]) -> tuple[dict[str, Level], list[str]]:
    """Return the valid severities of rules, and the errors in the others."""
    levels: dict[str, Level] = {}
    complaints: list[str] = []
    known = rules() if sent else {}
    for code, level in sent.items():
        if code not in known:
            complaints.append(f"there is no rule {code!r}; it is ignored.")
        elif level not in LEVELS:
            complaints.append(f"{code} is {level!r}; it takes {' or '.join(LEVELS)}.")
        else:
            levels[code] = level
    return levels, complaints

"""What the user can set, as the client sends it; a bad value falls back to its default."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from kvlens.kv.limits import COMPATS, Compat


@dataclass(frozen=True)
class Settings:
    """The settings `kvlens.*` that the server reads."""

    store: str = "wrangler:"
    port: int = 0
    compat: Compat = "miniflare2"
    autoStart: bool = True  # noqa: N815 - the name in settings.json


CHOICES: dict[str, tuple[str, ...]] = {"compat": COMPATS}


def read_settings(sent: Any) -> tuple[Settings, list[str]]:
    """Return settings from what a client sent, and what is wrong with it, a sentence each.

    Takes `{"kvlens": {…}}` or the inside of it; unknown names are left alone.
    """
    if isinstance(sent, dict) and isinstance(sent.get("kvlens"), dict):
        sent = sent["kvlens"]
    settings = Settings()
    complaints: list[str] = []
    if not isinstance(sent, dict):
        return settings, complaints
    for field in fields(Settings):
        value = sent.get(field.name)
        default = getattr(settings, field.name)
        if value is None:
            continue
        wrong = type(value) is not type(default)
        if field.name == "port" and not wrong:
            wrong = not 0 <= value <= 65535
        choices = CHOICES.get(field.name)
        if wrong or (choices and value not in choices):
            wanted = " or ".join(choices) if choices else type(default).__name__
            if field.name == "port":
                wanted = "a number from 0 (any free port) to 65535"
            complaints.append(
                f"kvlens.{field.name} is {value!r}; it takes {wanted}. Using {default!r}."
            )
            continue
        settings = replace(settings, **{field.name: value})
    return settings, complaints

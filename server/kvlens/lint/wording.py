"""How messages speak of a field's value and of an environment."""

from __future__ import annotations

from kvlens.config.model import KV_FIELD, Environment, Field

_LONGEST = 60
_MOST = 3  # names that a message lists
_NOUNS = {"table": "a table", "array": "an array", "null": "null", "datetime": "a date"}


def quoted(value: str) -> str:
    """Return a value in quotes, a long one cut short."""
    shown = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    return f'"{shown}"'


def described(field: Field) -> str:
    """Return what a field holds, such as `the number 12`."""
    return described_value(field.kind, field.value)


def described_value(kind: str, value: object) -> str:
    """Return what a value is, such as `the number 12`; `kind` is one of nodes.KINDS."""
    if kind == "string":
        return f"the string {quoted(str(value))}"
    if kind in ("integer", "float"):
        number = str(value)
        return f"the number {number if len(number) <= _LONGEST else f'{number[: _LONGEST - 1]}…'}"
    if kind == "boolean":
        return "true" if value else "false"
    return _NOUNS.get(kind, kind)


def usable(field: Field | None) -> str | None:
    """Return the text of a field that holds a whole string; None for any other."""
    if field is None or field.kind != "string" or field.broken:
        return None
    return str(field.value)


def wrong_kind(field: Field | None, kind: str) -> bool:
    """Tell whether a field is there, whole, and of another kind than it should be."""
    return field is not None and not field.broken and field.kind != kind


def path_of(environment: Environment, *, previews: bool = False) -> str:
    """Return how wrangler names an environment's list, such as `env.prod.kv_namespaces`."""
    name = f"previews.{KV_FIELD}" if previews else KV_FIELD
    return name if environment.name is None else f"env.{environment.name}.{name}"


def listed(names: list[str], count: int | None = None) -> str:
    """Return names as a sentence lists them, a long list cut short.

    `count` says how many there are where `names` are only the first.
    """
    shown = [quoted(name) for name in names[:_MOST]]
    if (all_of_them := len(names) if count is None else count) > _MOST:
        return f"{', '.join(shown)} and {all_of_them - _MOST:,} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))

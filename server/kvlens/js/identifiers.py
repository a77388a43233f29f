"""JavaScript identifiers: names that can follow `env.` or be a global variable."""

from __future__ import annotations


def is_identifier(name: str) -> bool:
    """Return whether a name is a JavaScript identifier.

    Python's identifiers are JavaScript's except for the dollar sign (both: Unicode's XID).
    """
    return name.replace("$", "_").isidentifier()


def identifier_like(name: str) -> str:
    """Return an identifier that is close to a name, or an empty text.

    >>> identifier_like("my-kv 2")
    'my_kv_2'
    """
    better = "".join(letter if is_identifier(f"_{letter}") else "_" for letter in name.strip())
    better = better.strip("_")
    return f"_{better}" if better[:1].isdigit() else better

"""Types that JSDoc comments make up: `@typedef`, `@property`, `@param {KVNamespace} deps.kv`.

Source: TypeScript's handbook, "JSDoc Reference".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_BRACED = r"\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}"
_TYPEDEF = re.compile(rf"@typedef\s*(?:{_BRACED})?\s*([\w$]+)")
_PROPERTY = re.compile(rf"@prop(?:erty)?\s*{_BRACED}\s*\[?([\w$]+)")
_NAME = re.compile(r"(?<![\w$.\"'])[A-Za-z_$][\w$]*(?![\w$]|\s*\??:)")
_OBJECT = re.compile(r"[?!]?object=?\Z", re.IGNORECASE)
_FUNCTION = re.compile(r"\(([^()<>{}]*)\)\s*=>")
_COMPOSED = re.compile(r"[|&?]|=>")
_DEEPEST = 4  # types in others
_LONGEST = 2_000  # characters of a type

TAG = re.compile(rf"@(param|arg|argument|type|returns?)\s*{_BRACED}\s*\[?([\w$.]*)")
"""A tag with a type: its word, the type, and the name after it."""


def typedefs(comments: Iterable[str]) -> dict[str, str]:
    """Return the types that comments define, by their names.

    >>> typedefs(["/** @typedef {Object} Deps @property {KVNamespace} kv */"])
    {'Deps': '{ kv: KVNamespace }'}
    """
    found: dict[str, str] = {}
    for comment in comments:
        for part in re.split(r"(?=@typedef\b)", comment)[1:]:
            about = _TYPEDEF.match(part)
            if about is not None:
                kind = object_type(about[1] or "Object", _PROPERTY.findall(part))
                found[about[2]] = kind
    return found


def object_type(kind: str, members: Iterable[tuple[str, str]]) -> str:
    """Return a type with these members, each a type and a name; another type than Object as it is.

    >>> object_type("Object", [("KVNamespace=", "kv"), ("string", "name")])
    '{ kv: KVNamespace; name: string }'
    """
    inside = "; ".join(f"{name}: {each.strip().rstrip('=')}" for each, name in members)
    return f"{{ {inside} }}" if inside and _OBJECT.match(kind.strip()) else kind


def parameter_type(kind: str, place: int) -> str:
    """Return the type of a parameter of a function type; "" if it isn't known.

    >>> parameter_type("(id: string, kv: KVNamespace) => Promise<void>", 1)
    'KVNamespace'
    """
    found = _FUNCTION.match(kind.strip())
    given = found[1].split(",") if found is not None else []
    return given[place].partition(":")[2].strip() if place < len(given) else ""


def written_out(kind: str, known: Mapping[str, str]) -> str:
    """Return a type with the types that comments define in the place of their names.

    >>> written_out("{ store: Store }", {"Store": "KVNamespace"})
    '{ store: KVNamespace }'
    """

    def part(name: re.Match[str]) -> str:
        each = known.get(name[0])
        if each is None:
            return name[0]
        return f"({each})" if _COMPOSED.search(each) else each

    for _ in range(_DEEPEST if known else 0):
        if kind in known:
            kind = known[kind]
            continue
        new = _NAME.sub(part, kind)
        if new == kind or len(new) > _LONGEST:
            break
        kind = new
    return kind

"""Files of key names, as `wrangler kv bulk get` and `bulk delete` read them: an array of strings
or of objects with a "name", such as `kvlens key list` prints. A seed file is taken too.
"""

from __future__ import annotations

from kvlens.kv import KVError
from kvlens.kv.coerce import has_lone_surrogate
from kvlens.kv.validation import key_name
from kvlens.seeds.array import FileError, Problem, scan, type_name

EXAMPLE = '["key", {"name": "key"}]'


def parse_keys(text: str, name: str) -> list[str]:
    """Return the keys in the file's order, each once.

    Raises FileError where anything in it is not a key, with the index of each.
    """
    elements, fault = scan(text, EXAMPLE)
    problems: list[Problem] = []
    keys: dict[str, None] = {}
    for index, (value, span) in enumerate(elements):
        key = value
        if isinstance(value, dict):
            key = value.get("name", value.get("key"))
        if not isinstance(key, str):
            said = 'an object without "name"' if key is not value else f"of type {type_name(value)}"
            message = f'item {index}: must be a string or an object with a "name", but is {said}'
            problems.append(Problem(message, span, index))
        elif has_lone_surrogate(key):
            problems.append(Problem(f"item {index}: has half of a surrogate pair", span, index))
        else:
            try:
                keys[key_name("get", key, "miniflare2")] = None
            except KVError as error:
                problems.append(Problem(f"item {index}: {error.reason.rstrip('.')}", span, index))
    if fault:
        problems.append(fault)
    if problems:
        raise FileError(name, text, problems)
    return list(keys)

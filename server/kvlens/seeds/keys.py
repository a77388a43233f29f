"""Files of key names, as `wrangler kv bulk get` and `bulk delete` read them: an array of strings
or of objects with a "name", such as `kvlens key list` prints. A seed file is taken too.
"""

from __future__ import annotations

from kvlens.kv import KVError
from kvlens.kv.coerce import has_lone_surrogate
from kvlens.kv.validation import key_name
from kvlens.seeds.array import FileError, Problem, at_index, scan, type_name

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
        wrong = None
        if isinstance(value, dict):
            key = value.get("name", value.get("key"))
        if not isinstance(key, str):
            said = 'an object without "name"' if key is not value else f"of type {type_name(value)}"
            wrong = f'must be a string or an object with a "name", but is {said}'
        elif has_lone_surrogate(key):
            wrong = "has half of a surrogate pair"
        else:
            try:
                keys[key_name("get", key)] = None
            except KVError as error:
                wrong = error.reason.rstrip(".")
        if wrong:
            problems.append(Problem(f"{at_index(index)}: {wrong}", span, index))
    if fault:
        problems.append(fault)
    if problems:
        raise FileError(name, text, problems)
    return list(keys)

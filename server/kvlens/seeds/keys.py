"""Files of key names, as `wrangler kv bulk get` and `bulk delete` read them: an array of strings
or of objects with a "name", such as `kvlens key list` prints. A seed file is accepted too.
"""

from __future__ import annotations

from kvlens.kv.coerce import has_lone_surrogate
from kvlens.kv.errors import KVError
from kvlens.kv.validation import key_name
from kvlens.seeds.array import MOST, FileError, Problem, at_index, scan, type_name

EXAMPLE = '["key", {"name": "key"}]'


def parse_keys(text: str, name: str) -> list[str]:
    """Return the keys in the order of the file, each once.

    Raises FileError with the index of everything that isn't a key.
    """
    problems: list[Problem] = []
    count = 0
    keys: dict[str, None] = {}
    for index, element in enumerate(scan(text, EXAMPLE)):
        if isinstance(element, Problem):
            problems.append(element)
            count += 1
            continue
        key = value = element.value
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
            count += 1
            if count <= MOST:
                problems.append(Problem(f"{at_index(index)}: {wrong}", element.span, index))
    if problems:
        raise FileError(name, text, problems, count)
    return list(keys)

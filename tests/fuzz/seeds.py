"""Seed files and files of keys."""

from __future__ import annotations

from kvlens.kv.values import parse_json
from kvlens.seeds.array import FileError
from kvlens.seeds.file import check, parse
from kvlens.seeds.keys import parse_keys
from kvlens.seeds.plan import changed_items, to_writes

from tests.fuzz.configs import text_of

NOW = 1_700_000_000.0
EXAMPLES = (
    b'[\n  {"key": "a", "value": "1"},\n  {"key": "b", "value": "AAH/", "base64": true},\n'
    b'  {"key": "c", "value": "x", "expiration": 1800000000, "metadata": {"a": [1, 2.5, null]}},\n'
    b'  {"key": "d", "value": "", "expiration_ttl": 3600}\n]\n',
    b'["a", {"name": "b", "metadata": {"x": 1}}, {"key": "c"}]',
    b'[{"key":1,"value":"v"},{"key":"","value":2},{"name":"a"},5,null,{"key":"\\ud800","value":""}]',
    b"[]",
)
WORDS = (
    *(b'{"key": "a", "value": "1"},', b'"expiration": ', b'"expiration_ttl": 60', b'"metadata": '),
    *(b'"base64": true', b'"ttl": 5', b"1e400", b"1675058732043", b"-1", b"[[[[", b'{"a":{"a":'),
)


def target(data: bytes) -> None:
    """Parse it as either, and convert it to writes."""
    text = text_of(data)
    seed = check(text, "seeds/A.json", NOW)
    for problem in seed.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
    writes = to_writes(seed.items, NOW)
    for write in writes:
        write.key.encode()
        parse_json(write.metadata or "null")
    assert not changed_items(seed.items, seed.items)
    try:
        parse(data, "seeds/A.json", NOW)
    except FileError as error:
        assert error.lines()
    try:
        parse_keys(text, "keys.json")
    except FileError as error:
        assert error.lines()

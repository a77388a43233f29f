"""Adding a namespace: the resulting file, with comments and style kept."""

from __future__ import annotations

import pytest
from kvlens.config.edit import add_namespace
from kvlens.config.find import ConfigError
from kvlens.config.reader import load_text

TOML, JSON = "wrangler.toml", "wrangler.jsonc"
CASES = [
    # id, file, environment, before, after
    ("empty", TOML, None, "", '[[kv_namespaces]]\nbinding = "NEW"\n'),
    (
        "no-kv-yet-behind-a-table",
        TOML,
        None,
        'name = "x"\n\n[vars]\nA = 1\n',
        'name = "x"\n\n[vars]\nA = 1\n\n[[kv_namespaces]]\nbinding = "NEW"\n',
    ),
    (
        "inline-lines-with-comment",
        TOML,
        None,
        'kv_namespaces = [\n    { binding = "A" }, # keep\n]\n[vars]\n',
        'kv_namespaces = [\n    { binding = "A" }, # keep\n    { binding = "NEW" },\n]\n[vars]\n',
    ),
    (
        "inline-lines-no-comma",
        TOML,
        None,
        'kv_namespaces = [\n  { binding = "A" } # keep\n]\n',
        'kv_namespaces = [\n  { binding = "A" }, # keep\n  { binding = "NEW" }\n]\n',
    ),
    (
        "inline-one-line",
        TOML,
        None,
        'kv_namespaces = [{ binding = "A" }] # keep\n',
        'kv_namespaces = [{ binding = "A" }, { binding = "NEW" }] # keep\n',
    ),
    ("inline-empty", TOML, None, "kv_namespaces = []\n", 'kv_namespaces = [{ binding = "NEW" }]\n'),
    (
        "inline-empty-but-for-comments",
        TOML,
        None,
        "kv_namespaces = [ # none yet\n  # nor here\n]\n",
        'kv_namespaces = [{ binding = "NEW" } # none yet\n  # nor here\n]\n',
    ),
    (
        "json-empty-but-for-comments",
        JSON,
        None,
        '{ "kv_namespaces": [ /* none yet */ ] }\n',
        '{ "kv_namespaces": [{ "binding": "NEW" } /* none yet */ ] }\n',
    ),
    (
        "tables-before-a-comment-of-the-next",
        TOML,
        None,
        '[[kv_namespaces]] # one\nbinding = "A"\nid = "1" # id\n\n# vars\n[vars]\nx = 1\n',
        '[[kv_namespaces]] # one\nbinding = "A"\nid = "1" # id\n\n[[kv_namespaces]]\nbinding = "NEW"\n\n# vars\n[vars]\nx = 1\n',
    ),
    (
        "environment",
        TOML,
        "prod",
        '[env.prod]\nx = 1\n[[env.prod.kv_namespaces]]\nbinding = "A"\n',
        '[env.prod]\nx = 1\n[[env.prod.kv_namespaces]]\nbinding = "A"\n\n[[env.prod.kv_namespaces]]\nbinding = "NEW"\n',
    ),
    (
        "environment-quoted",
        TOML,
        "pr od",
        '[env."pr od"]\nx = 1',
        '[env."pr od"]\nx = 1\n\n[[env."pr od".kv_namespaces]]\nbinding = "NEW"\n',
    ),
    (
        "crlf",
        TOML,
        None,
        'name = "x"\r\n',
        'name = "x"\r\n\r\n[[kv_namespaces]]\r\nbinding = "NEW"\r\n',
    ),
    (
        "json-no-kv-yet",
        JSON,
        None,
        '{\n  "name": "x", // c\n}\n',
        '{\n  "name": "x", // c\n  "kv_namespaces": [{ "binding": "NEW" }],\n}\n',
    ),
    (
        "json-lines-with-comment",
        JSON,
        None,
        '{\n  "kv_namespaces": [\n    { "binding": "A" } // c\n  ]\n}\n',
        '{\n  "kv_namespaces": [\n    { "binding": "A" }, // c\n    { "binding": "NEW" }\n  ]\n}\n',
    ),
    ("json-empty-object", JSON, None, "{}", '{ "kv_namespaces": [{ "binding": "NEW" }] }'),
    ("json-empty-file", JSON, None, "", '{\n  "kv_namespaces": [{ "binding": "NEW" }]\n}\n'),
    (
        "json-environment",
        JSON,
        "p",
        '{"env":{"p":{"kv_namespaces":[]}}}',
        '{"env":{"p":{"kv_namespaces":[{ "binding": "NEW" }]}}}',
    ),
]


@pytest.mark.parametrize(
    ("path", "environment", "before", "after"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_namespace_is_added(path: str, environment: str | None, before: str, after: str) -> None:
    edit = add_namespace(load_text(before, path), "NEW", environment)
    assert edit.applied(before) == after
    assert "NEW" in [n.binding for n in load_text(after, path).namespaces(environment)]


REFUSED = [
    ("invalid", "a = \n", None, "not valid"),
    ("declared", '[[kv_namespaces]]\nbinding = "NEW"\n', None, 'already declares "NEW"'),
    ("no-array", "[kv_namespaces]\nx = 1\n", None, "is not an array"),
    ("no-environment", "a = 1\n", "prod", 'no environment "prod"'),
]


@pytest.mark.parametrize(
    ("text", "environment", "says"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_what_cannot_be_edited_is_said(text: str, environment: str | None, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        add_namespace(load_text(text, TOML), "NEW", environment)

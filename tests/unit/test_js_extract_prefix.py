"""The refactoring that gives a prefix of keys a name: uses, name, place."""

from __future__ import annotations

import pytest
from kvlens.config.edit import applied
from kvlens.config.reader import load_text
from kvlens.js.extract_prefix import Extraction, extract_prefix
from kvlens.js.reader import read_source
from kvlens.js.source_context import SourceContext, read
from kvlens.text import Span

CONFIG = load_text("kv_namespaces = [{ binding = 'KV' }]", "/p/wrangler.toml")


def extracted(code: str, path: str = "/p/index.ts") -> tuple[Extraction | None, str]:
    """Extract at the mark ‸; return the extraction and the text after it."""
    at = code.index("‸")
    text = code.replace("‸", "")
    source = read_source(text, path)
    found = extract_prefix(read(source, SourceContext([CONFIG])), Span(at, at))
    return found, applied(text, found.edits) if found else text


def body(code: str, before: str = "") -> str:
    """Return a Worker with this code in its handler."""
    return f"{before}export default {{\n  async fetch(request, env) {{\n{code}  }},\n}};\n"


# what: (before, in the handler, before afterwards, in the handler afterwards)
CASES: dict[str, tuple[str, str, str, str]] = {
    "templates": (
        "",
        "await env.KV.get(`us‸er:${id}`);\nawait env.KV.put(`user:${id}`, 'x');\n",
        "const USER_PREFIX = 'user:';\n\n",
        "await env.KV.get(`${USER_PREFIX}${id}`);\nawait env.KV.put(`${USER_PREFIX}${id}`, 'x');\n",
    ),
    "after the imports": (
        'import a from "a";\nimport b from "b";\n\nf();\n',
        "await env.KV.get(`user:${id}‸`);\nawait env.KV.get(`user:${id}:x`);\n",
        'import a from "a";\nimport b from "b";\n\nconst USER_PREFIX = "user:";\n\nf();\n',
        "await env.KV.get(`${USER_PREFIX}${id}`);\nawait env.KV.get(`${USER_PREFIX}${id}:x`);\n",
    ),
    "strings, sums and prefixes": (
        "",
        'await env.KV.get("user:‸" + id);\nawait env.KV.list({ prefix: "user:" });\n'
        'await env.KV.delete("user:admin");\nawait env.KV.get(["user:a", `user:${b}`, "other"]);\n',
        'const USER_PREFIX = "user:";\n\n',
        "await env.KV.get(USER_PREFIX + id);\nawait env.KV.list({ prefix: USER_PREFIX });\n"
        "await env.KV.delete(`${USER_PREFIX}admin`);\n"
        'await env.KV.get([`${USER_PREFIX}a`, `${USER_PREFIX}${b}`, "other"]);\n',
    ),
    "constants": (
        "",
        "const key = `user:${id}`;\nawait env.KV.get(key);\nawait env.KV.delete(`user:‸${id}`);\n",
        'const USER_PREFIX = "user:";\n\n',
        "const key = `${USER_PREFIX}${id}`;\nawait env.KV.get(key);\nawait env.KV.delete(`${USER_PREFIX}${id}`);\n",
    ),
    "a longer prefix": (
        "",
        "await env.KV.get(`a:b:‸${x}`);\nawait env.KV.get(`a:b:c`);\nawait env.KV.get(`a:${x}`);\n",
        'const A_B_PREFIX = "a:b:";\n\n',
        "await env.KV.get(`${A_B_PREFIX}${x}`);\nawait env.KV.get(`${A_B_PREFIX}c`);\nawait env.KV.get(`a:${x}`);\n",
    ),
    "without a separator": (
        "",
        "await env.KV.get(`user‸${x}`);\nawait env.KV.get(`user${y}`);\nawait env.KV.get(`users`);\n",
        'const USER_PREFIX = "user";\n\n',
        "await env.KV.get(`${USER_PREFIX}${x}`);\nawait env.KV.get(`${USER_PREFIX}${y}`);\nawait env.KV.get(`users`);\n",
    ),
    "a name that is taken": (
        "let USER_PREFIX = 1;\n",
        "await env.KV.get(`user:‸${x}`);\nawait env.KV.get(`user:${y}`);\n",
        'const USER_PREFIX_2 = "user:";\n\nlet USER_PREFIX = 1;\n',
        "await env.KV.get(`${USER_PREFIX_2}${x}`);\nawait env.KV.get(`${USER_PREFIX_2}${y}`);\n",
    ),
    "a constant that is there": (
        'const P = "user:";\n',
        "await env.KV.get(`user:‸${x}`);\nawait env.KV.get(`user:${y}`);\n",
        'const P = "user:";\n',
        "await env.KV.get(`${P}${x}`);\nawait env.KV.get(`${P}${y}`);\n",
    ),
    "a constant that something hides": (
        'const P = "user:";\n',
        "const P = 1;\nawait env.KV.get(`user:‸${x}`);\nawait env.KV.get(`user:${y}`);\n",
        'const USER_PREFIX = "user:";\n\nconst P = "user:";\n',
        "const P = 1;\nawait env.KV.get(`${USER_PREFIX}${x}`);\nawait env.KV.get(`${USER_PREFIX}${y}`);\n",
    ),
    "below a directive, above a comment": (
        '"use strict";\n\n// the Worker\nf();\n',
        "await env.KV.get(`7:‸${x}`);\nawait env.KV.get(`7:${y}`);\n",
        '"use strict";\n\nconst _7_PREFIX = "7:";\n\n// the Worker\nf();\n',
        "await env.KV.get(`${_7_PREFIX}${x}`);\nawait env.KV.get(`${_7_PREFIX}${y}`);\n",
    ),
    "what isn't a key of a namespace stays": (
        "",
        "await env.KV.get(`user:‸${x}`);\nlog(`user:${x}`);\nawait env.KV.get(`user:${y}`);\nmap.get(`user:1`);\n",
        'const USER_PREFIX = "user:";\n\n',
        "await env.KV.get(`${USER_PREFIX}${x}`);\nlog(`user:${x}`);\nawait env.KV.get(`${USER_PREFIX}${y}`);\nmap.get(`user:1`);\n",
    ),
}


@pytest.mark.parametrize("before, code, wanted_before, wanted", CASES.values(), ids=CASES)
def test_a_prefix_is_extracted(before: str, code: str, wanted_before: str, wanted: str) -> None:
    found, text = extracted(body(code, before))
    assert found is not None
    assert text == body(wanted, wanted_before)
    again = read_source(text, "/p/index.ts")
    assert not again.root.has_error


NONE = {
    "only one use": "await env.KV.get(`user:‸${x}`);\n",
    "no prefix": "await env.KV.get(`‸${x}`);\nawait env.KV.get(`${x}`);\n",
    "a whole key": 'await env.KV.get("us‸ers");\nawait env.KV.put("users", "");\n',
    "not a key": "log(`user:‸${x}`);\nawait env.KV.get(`user:${x}`);\nawait env.KV.get(`user:${y}`);\n",
    "an escape": "await env.KV.get(`us\\u0065r:‸${x}`);\nawait env.KV.get(`us\\u0065r:${y}`);\n",
}


@pytest.mark.parametrize("code", NONE.values(), ids=NONE)
def test_nothing_is_extracted(code: str) -> None:
    found, _ = extracted(body(code))
    assert found is None

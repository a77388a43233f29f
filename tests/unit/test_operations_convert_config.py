"""Converting a config between TOML, JSON with comments and code: values, comments, order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from kvlens.config.find import ConfigError
from kvlens.config.reader import load_text
from kvlens.operations.convert_config import (
    Converted,
    Language,
    convert_config,
    converted_path,
    languages,
)
from kvlens.operations.errors import InvalidError

SCHEMA = "$schema"
NAMES = {"jsonc": "wrangler.jsonc", "toml": "wrangler.toml", "ts": "cloudflare.config.ts"}


def convert(text: str, path: str, to: Language) -> Converted:
    """Convert a config."""
    return convert_config(text, path, to)


def parse(text: str, path: str) -> dict[str, Any]:
    """Return what a parser reads: tomlkit, or Python's for JSON without comments."""
    if path.endswith(".toml"):
        return tomlkit.parse(text).unwrap()
    without = re.sub(
        r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or "", text, flags=re.S
    )
    without = re.sub(r'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])', lambda m: m[1] or "", without)
    data: dict[str, Any] = json.loads(without)
    data.pop(SCHEMA, None)
    return data


# properties -------------------------------------------------------------------------------------

KEYS = st.text(max_size=6) | st.sampled_from(["name", "env", "vars", "a b", "a.b", "x"])
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["# no", "// no", "/* no", '"""', "'''", "\\", "\x7f"]
)
SCALARS = (
    TEXTS
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)


def values(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return nested values."""
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(KEYS, inner, max_size=4)
            | st.lists(st.dictionaries(KEYS, inner, max_size=3), min_size=1, max_size=3)
        ),
        max_leaves=12,
    )


CONFIGS = st.dictionaries(KEYS.filter(lambda key: key != SCHEMA), values(SCALARS), max_size=6)
DATES = (
    st.dates()
    | st.datetimes().map(lambda date: date.replace(microsecond=0))
    | st.times().map(lambda time: time.replace(microsecond=0))
)
TOML_CONFIGS = st.dictionaries(KEYS, values(SCALARS | DATES), max_size=6)


class Commented:
    """Writes JSON with a comment in some of the places where one can be."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw
        self.count = 0

    def gap(self) -> str:
        """Return white space, perhaps with comments."""
        kind = self._draw(
            st.sampled_from(["", "", "", " ", "\n", "\n\n", "//", "/*", "\n//", "\n\n/*"])
        )
        space = kind.rstrip("/*")
        if kind == space:
            return str(kind)
        self.count += 1
        mark = kind[len(space) :]
        return f"{space}// <{self.count}>\n" if mark == "//" else f"{space}/* <{self.count}> */"

    def value(self, data: object) -> str:
        """Return a value."""
        if isinstance(data, dict):
            inside = [
                f"{self.gap()}{json.dumps(key)}{self.gap()}:{self.gap()}{self.value(value)}{self.gap()}"
                for key, value in data.items()
            ]
            return f"{{{','.join(inside)}{self.gap()}}}"
        if isinstance(data, list):
            inside = [f"{self.gap()}{self.value(item)}{self.gap()}" for item in data]
            return f"[{','.join(inside)}{self.gap()}]"
        return json.dumps(data)


@st.composite
def json_texts(draw: Any) -> tuple[str, dict[str, Any], int]:
    """Return a JSONC text, its data, and how many comments it has."""
    data = draw(CONFIGS)
    writer = Commented(draw)
    return f"{writer.gap()}{writer.value(data)}{writer.gap()}", data, writer.count


@st.composite
def toml_texts(draw: Any) -> tuple[str, dict[str, Any], int]:
    """Return the same for TOML, with comments at and above some of its lines."""
    data = draw(TOML_CONFIGS)
    count, lines = 0, []
    for line in tomlkit.dumps(data).split("\n"):
        above, after, blank = (draw(st.sampled_from([False, False, True])) for _ in range(3))
        if blank:
            lines.append("")
        if above:
            count += 1
            lines.append(f"# <{count}>")
        if after:
            count += 1
        lines.append(f"{line} # <{count}>" if after else line)
    return "\n".join(lines), data, count


def order(data: object) -> object:
    """Return the same with the order of members."""
    if isinstance(data, dict):
        return [(key, order(value)) for key, value in data.items()]
    return [order(item) for item in data] if isinstance(data, list) else data


def comments(text: str) -> list[str]:
    """Return the numbered comments in a text."""
    return sorted(re.findall(r"<\d+>", text))


def numbered(count: int) -> list[str]:
    return sorted(f"<{number + 1}>" for number in range(count))


@settings(max_examples=300, deadline=None)
@given(json_texts())
def test_json_to_toml_and_back_keeps_values_order_and_comments(
    made: tuple[str, dict[str, Any], int],
) -> None:
    text, data, count = made
    toml = convert(text, "wrangler.jsonc", "toml")
    assert not toml.notices
    assert parse(toml.text, "wrangler.toml") == data
    assert comments(toml.text) == numbered(count)
    back = convert(toml.text, "wrangler.toml", "jsonc")
    assert order(parse(back.text, "wrangler.jsonc")) == order(data)
    assert comments(back.text) == numbered(count)


def dated(data: Any) -> Any:
    """Return the data that JSON has for it."""
    if isinstance(data, dict):
        return {key: dated(value) for key, value in data.items()}
    if isinstance(data, list):
        return [dated(item) for item in data]
    return data if isinstance(data, str | bool | int | float) else data.isoformat()


@settings(max_examples=300, deadline=None)
@given(toml_texts())
def test_toml_to_json_and_back_keeps_values_and_comments(
    made: tuple[str, dict[str, Any], int],
) -> None:
    text, data, count = made
    data.pop(SCHEMA, None)
    done = convert(text, "wrangler.toml", "jsonc")
    assert all("JSON has no dates" in notice.message for notice in done.notices)
    assert parse(done.text, "wrangler.jsonc") == dated(data)
    assert comments(done.text) == numbered(count)
    back = convert(done.text, "wrangler.jsonc", "toml")
    assert parse(back.text, "wrangler.toml") == dated(data)
    assert comments(back.text) == numbered(count)


# cases ------------------------------------------------------------------------------------------

TOML_TO_JSONC = {
    "comments": (
        "# head\n\n# name\nname = 'a' # after\n# end\n",
        '// head\n{\n  // name\n  "name": "a" // after\n  // end\n}\n',
    ),
    "a disabled field stays in its table": (
        "[[kv_namespaces]]\nbinding = 'A'\n# id = 'old'\n\n# next\n[vars]\nX = 1\n",
        '{\n  "kv_namespaces": [\n    {\n      "binding": "A"\n      // id = \'old\'\n    }\n  ],\n'
        '  // next\n  "vars": {\n    "X": 1\n  }\n}\n',
    ),
    "the end of the file": ("a = 1\n\n# end\n", '{\n  "a": 1\n}\n// end\n'),
    "after a header": ("[vars] # v\n", '{\n  "vars": { // v\n  }\n}\n'),
    "tables and lists on one line": (
        "vars = { A = [1, 2] }\n",
        '{\n  "vars": { "A": [1, 2] }\n}\n',
    ),
    "dotted keys": (
        "a.b = 1\na.c.d = 2\n",
        '{\n  "a": {\n    "b": 1,\n    "c": {\n      "d": 2\n    }\n  }\n}\n',
    ),
    "a table that a header reaches first": (
        "[a.b]\nx = 1\n# a\n[a]\ny = 2\n",
        '{\n  "a": {\n    "b": {\n      "x": 1\n    },\n    // a\n    "y": 2\n  }\n}\n',
    ),
    "a table in a list": (
        "[[a]]\n[a.b]\nx = 1\n",
        '{\n  "a": [\n    {\n      "b": {\n        "x": 1\n      }\n    }\n  ]\n}\n',
    ),
    "numbers": (
        "a = 0xff\nb = +1_000\nc = 1_0.5e+3\nd = 123456789012345678901234567890\n",
        '{\n  "a": 255,\n  "b": 1000,\n  "c": 10.5e+3,\n  "d": 123456789012345678901234567890\n}\n',
    ),
    "strings": (
        'a = """\nx\n"y" """\nb = \'C:\\d\'\n',
        '{\n  "a": "x\\n\\"y\\" ",\n  "b": "C:\\\\d"\n}\n',
    ),
    "line ends": ("a = 1\r\n# b\r\n", '{\r\n  "a": 1\r\n  // b\r\n}\r\n'),
    "nothing": ("", "{}\n"),
}


@pytest.mark.parametrize("text, wanted", TOML_TO_JSONC.values(), ids=TOML_TO_JSONC)
def test_toml_becomes_jsonc(text: str, wanted: str) -> None:
    done = convert(text, "wrangler.toml", "jsonc")
    schema = '"$schema": "node_modules/wrangler/config-schema.json"'
    without = done.text.replace(f"  {schema},\n", "").replace(f"  {schema},\r\n", "")
    assert without.replace(f"{{\n  {schema}\n}}", "{}") == wanted
    assert not done.notices


JSON_TO_TOML = {
    "a schema": ('{ "$schema": "s.json", "name": "a" }', '#:schema s.json\nname = "a"\n'),
    "tables below their values": (
        '{ "vars": { "A": 1 }, "env": { "x": { "vars": { "A": 2 } } } }',
        "[vars]\nA = 1\n\n[env.x.vars]\nA = 2\n",
    ),
    "a table before a value": (
        '{ "vars": { "A": 1 }, "name": "a" }',
        'vars = { A = 1 }\nname = "a"\n',
    ),
    "a table with comments before a value": (
        '{\n  "vars": {\n    // a\n    "A": 1 // b\n  },\n  "name": "a"\n}',
        '# a\nvars.A = 1 # b\nname = "a"\n',
    ),
    "a list before a value": (
        '{\n  "kv_namespaces": [\n    // c\n    { "binding": "A" } // a\n  ],\n  "name": "a"\n}',
        'kv_namespaces = [\n  # c\n  { binding = "A" }, # a\n]\nname = "a"\n',
    ),
    "a block": ('{\n  /*\n   * one\n   * two\n   */\n  "a": 1\n}', "# one\n# two\na = 1\n"),
    "trailing commas": ('{ "a": [1, 2,], }', "a = [1, 2]\n"),
    "names": ('{ "a b": { "c.d": 1 } }', '["a b"]\n"c.d" = 1\n'),
    "lists in lists": ('{ "a": [[1], { "b": [2] }] }', "a = [[1], { b = [2] }]\n"),
    "nothing": ("{}", ""),
}


@pytest.mark.parametrize("text, wanted", JSON_TO_TOML.values(), ids=JSON_TO_TOML)
def test_json_becomes_toml(text: str, wanted: str) -> None:
    done = convert(text, "wrangler.json", "toml")
    assert done.text == wanted
    assert not done.notices


LOST: dict[str, tuple[str, str, Language, str, str]] = {
    # what: text, file, language, the notice with its line, the comment
    "null": (
        '{\n  "a": 1,\n  "b": null\n}',
        "jsonc",
        "toml",
        "3: b: TOML has no null",
        '# "b": null (TOML has no null)',
    ),
    "null in a list": (
        '{ "a": [1, null, 2] }',
        "jsonc",
        "toml",
        "1: null: TOML has no null",
        "  # null (TOML has no null)\n  2,",
    ),
    "a name twice": (
        '{ "a": 1, "a": 2 }',
        "jsonc",
        "toml",
        "1: a: only the last of several members with one name counts",
        '# "a": 1 (only the last',
    ),
    "a large integer": (
        '{ "a": 9223372036854775808 }',
        "jsonc",
        "toml",
        "1: a: TOML's integers have 64 bits",
        '# "a": 9223372036854775808 (',
    ),
    "half a character": (
        '{ "a": "\\ud800" }',
        "jsonc",
        "toml",
        "1: a: TOML has no half surrogate pairs",
        '# "a": "\\ud800" (',
    ),
    "infinity": (
        "# a\na = -inf # b",
        "toml",
        "jsonc",
        "2: a: JSON has no -inf",
        '  // a\n  // "a": -inf (JSON has no -inf)\n  // b',
    ),
    "nan": ("a = +nan", "toml", "ts", "1: a: JSON has no nan", '// "a": nan'),
    "a date": (
        "compatibility_date = 2026-01-01",
        "toml",
        "jsonc",
        "1: compatibility_date: JSON has no dates, so this is a string now",
        '"compatibility_date": "2026-01-01"',
    ),
    "a preview id": (
        "kv_namespaces = [\n{ binding = 'A', preview_id = 'p' }]",
        "toml",
        "ts",
        "2: kv_namespaces.preview_id: cloudflare.config.ts has no equivalent",
        '// "preview_id": "p" (cloudflare',
    ),
    "a field of another file": (
        "minify = true",
        "toml",
        "ts",
        "1: minify: it belongs in wrangler.config.ts",
        '// "minify": true (it belongs',
    ),
    "a container of a class": (
        '[[containers]]\nclass_name = "C"\nimage = "./Dockerfile"',
        "toml",
        "ts",
        "2: containers.class_name: in exports, the class names its container",
        '// "class_name": "C" (in exports',
    ),
    "a container that is not there": (
        '[exports.C]\ntype = "durable-object"\ncontainer = "app"',
        "toml",
        "ts",
        "3: container: cloudflare.config.ts has no equivalent",
        '// "container": "app" (cloudflare',
    ),
    "events of a workflow": (
        'export default defineConfig({ worker: { exports: { W: { type: "workflow", events: [] } } } });',
        "ts",
        "toml",
        "1: events: a wrangler config has no equivalent that KV Lens knows",
        '# "events": [] (a wrangler',
    ),
    "a table": (
        "\n[[migrations]]\ntag = 'v1'",
        "toml",
        "ts",
        "2: migrations: cloudflare.config.ts has no equivalent",
        '    // "migrations": [\n    //   {',
    ),
    "a binding of another type": (
        'export default defineConfig({ worker: { env: { A: { type: "new", x: 1 } } } });',
        "ts",
        "toml",
        "1: env.A: a wrangler config has no equivalent that KV Lens knows",
        '# "A": { "type": "new", "x": 1 } (a wrangler',
    ),
    "what isPreview changes": (
        "export default defineConfig(({ isPreview }) => ({ worker: { logpush: !isPreview } }));",
        "ts",
        "toml",
        "1: isPreview: what it changes isn't converted; see `previews`",
        "logpush = true",
    ),
}


@pytest.mark.parametrize("text, of, to, notice, comment", LOST.values(), ids=LOST)
def test_what_cannot_be_said_is_named_and_stays_as_a_comment(
    text: str, of: str, to: Language, notice: str, comment: str
) -> None:
    done = convert(text, NAMES[of], to)
    assert notice in [f"{line}: {message}" for line, message in done.notices]
    assert comment in done.text


# id: (value in code, the same in TOML)
LITERALS: dict[str, tuple[str, str]] = {
    "hexadecimal": ("0x10", "16"),
    "octal and binary": ("[0o17, 0b11]", "[15, 3]"),
    "with separators": ("1_000", "1000"),
    "negative": ("-0x0f", "-15"),
    "a fraction": ("-.5", "-0.5"),
    "a template": ("`a b`", '"a b"'),
    "a template with escapes": (r"`a\`\u0062`", '"a`b"'),
    "a template with a constant": ("`a${`b`}`", '"ab"'),
}


@pytest.mark.parametrize("code, toml", LITERALS.values(), ids=LITERALS)
def test_literals_are_converted(code: str, toml: str) -> None:
    text = (
        'import { bindings } from "cf/config";\n'
        f"export default defineConfig({{ worker: {{ env: {{ A: bindings.json({{ value: {code} }}) }} }} }});"
    )
    assert convert(text, NAMES["ts"], "toml").text == f"[vars]\nA = {toml}\n"


REFUSED: dict[str, tuple[str, str, Language, str]] = {
    "a mistake": ("\na = ", "toml", "jsonc", "wrangler.toml:2: "),
    "another file's value": (
        'import { bindings } from "cf/config"; import { ID } from "./ids";\nexport default defineConfig({\n  worker: { env: {\n'
        "    A: bindings.kv({ id: ID }) } } });",
        "ts",
        "jsonc",
        "not known without running it: line 4: worker.env.A.id. Write",
    ),
    "the environment": (
        "export default defineConfig({ worker: { name: process.env.NAME } });",
        "ts",
        "toml",
        "line 1: worker.name",
    ),
    "a spread of the unknown": (
        "export default defineConfig({ worker: { ...shared } });",
        "ts",
        "toml",
        "line 1: worker",
    ),
    "a mode as a value": (
        "export default defineConfig(({ mode }) => ({ worker: { name: mode } }));",
        "ts",
        "toml",
        "line 1: worker.name",
    ),
    "a bigint": (
        "export default defineConfig({ worker: { env: { A: 10n } } });",
        "ts",
        "toml",
        "line 1: worker.env.A",
    ),
    "a template of the unknown": (
        "export default defineConfig({ worker: { name: `a-${b}` } });",
        "ts",
        "toml",
        "line 1: worker.name",
    ),
    "code with a mistake": ("export default {", "ts", "toml", "doesn't parse"),
    "an array": ("// of what?\n[1] // {}", "jsonc", "toml", "there is no object"),
    "a number": ("1", "jsonc", "ts", "there is no object"),
    "a number in code": ("export default 1;", "ts", "toml", "there is no object"),
    "nothing returned": (
        "export default defineConfig(() => { while (true) {} });",
        "ts",
        "jsonc",
        "there is no object",
    ),
}


@pytest.mark.parametrize("text, of, to, said", REFUSED.values(), ids=REFUSED)
def test_what_is_not_known_is_not_converted(text: str, of: str, to: Language, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        convert(text, NAMES[of], to)


EMPTY: dict[str, tuple[str, str, str]] = {
    # a config that says nothing is one nevertheless
    "object": ("/* { */ // [\n{} // done", "jsonc", "# {\n# [\n\n# done\n"),
    "code": ("export default defineConfig({});", "ts", ""),
    "no TOML": ("", "toml", '{\n  "$schema": "node_modules/wrangler/config-schema.json"\n}\n'),
    "one mode": (
        "export default defineConfig(({ mode }) => {\n"
        '  if (mode === "a") return { worker: { name: "x" } };\n});',
        "ts",
        '[env.a]\nname = "x"\n',
    ),
}


@pytest.mark.parametrize("text, of, wanted", EMPTY.values(), ids=EMPTY)
def test_an_empty_config_is_converted(text: str, of: str, wanted: str) -> None:
    assert convert(text, NAMES[of], "jsonc" if of == "toml" else "toml").text == wanted


def test_a_config_in_the_language_already_is_refused() -> None:
    with pytest.raises(InvalidError, match=r"wrangler\.toml is TOML already"):
        convert("", "wrangler.toml", "toml")


WORKERS: dict[str, dict[str, Any]] = {
    "fields": {
        "name": "a",
        "main": "src/index.ts",
        "compatibility_date": "2026-01-01",
        "compatibility_flags": ["nodejs_compat"],
        "workers_dev": False,
        "preview_urls": True,
        "limits": {"cpu_ms": 10},
        "observability": {"enabled": True, "logs": {"head_sampling_rate": 0.5}},
        "account_id": "x",
        "compliance_region": "fedramp_high",
    },
    "bindings": {
        "name": "a",
        "kv_namespaces": [{"binding": "A", "id": "1", "remote": True}, {"binding": "B"}],
        "d1_databases": [{"binding": "D", "database_id": "2", "database_name": "d"}],
        "r2_buckets": [{"binding": "R", "bucket_name": "r"}],
        "services": [{"binding": "S", "service": "s", "entrypoint": "E"}],
        "durable_objects": {"bindings": [{"name": "O", "class_name": "C"}]},
        "queues": {
            "producers": [{"binding": "Q", "queue": "q"}],
            "consumers": [{"queue": "q", "max_batch_size": 5}],
        },
        "hyperdrive": [{"binding": "H", "id": "h", "localConnectionString": "pg"}],
        "ai": {"binding": "AI"},
        "version_metadata": {"binding": "V"},
        "vars": {"T": "text", "J": {"a": [1, True]}},
        "secrets": {"required": ["KEY"]},
        "assets": {"binding": "ASSETS", "html_handling": "none"},
    },
    "routes": {
        "name": "a",
        "routes": [
            "a.com/*",
            {"pattern": "b.com/*", "zone_name": "b.com"},
            {"pattern": "c.com/*", "zone_id": "0a1b"},
            {"pattern": "d.com", "custom_domain": True},
        ],
        "triggers": {"crons": ["* * * * *"]},
        "tail_consumers": [{"service": "t"}],
    },
    "classes": {
        "name": "a",
        "containers": [
            {
                "name": "shop-app",
                "image": "./Dockerfile",
                "image_vars": {"A_B": "1"},
                "rollout_kind": "full_auto",
                "rollout_step_percentage": 50,
                "instance_type": {"memory_mib": 256},
                "observability": {"logs": {"enabled": True}},
                "authorized_keys": [{"name": "a", "public_key": "k"}],
            },
            {"name": "shop_app", "image": "docker.io/httpd:1"},
            {
                "name": "do",
                "scheduling_policy": "durable_object",
                "images": {
                    "x_y": {"dockerfile": "./D", "build_context": "."},
                    "z": {"image": "r/x:1"},
                },
            },
        ],
        "unsafe": {
            "bindings": [{"name": "U", "type": "x", "a_b": 1}],
            "metadata": {"a_b": 1},
            "capnp": {"base_path": ".", "source_schemas": ["a"]},
        },
        "exports": {
            "C": {"type": "durable-object", "storage": "sqlite", "container": "shop-app"},
            "D": {"type": "durable-object", "storage": "sqlite", "container": "shop_app"},
            "Old": {"type": "durable-object", "state": "renamed", "renamed_to": "C"},
            "W": {"type": "workflow", "name": "w", "default_retention": {"error_retention": 1}},
        },
        "env": {
            "staging": {
                "containers": [
                    {"name": "shop-app", "image": "./Dockerfile"},
                    {"name": "shop_app", "image": "docker.io/httpd:2"},
                ],
                "unsafe": {"metadata": {"a_b": 1}},
            }
        },
    },
    "environments": {
        "name": "a",
        "main": "x.ts",
        "workers_dev": True,
        "vars": {"A": "1"},
        "env": {
            "staging": {"workers_dev": False, "kv_namespaces": [{"binding": "A", "id": "2"}]},
            "prod": {"name": "other", "vars": {"A": "1"}},
        },
    },
}


@pytest.mark.parametrize("name", ["wrangler.jsonc", "wrangler.toml"])
@pytest.mark.parametrize("data", WORKERS.values(), ids=WORKERS)
def test_code_and_back_has_the_same_content(data: dict[str, Any], name: str) -> None:
    text = tomlkit.dumps(data) if name.endswith("toml") else json.dumps(data)
    code = convert(text, name, "ts")
    assert [notice for notice in code.notices if "compatibilityDate" not in notice.message] == []
    back = convert(code.text, NAMES["ts"], "jsonc" if name.endswith("jsonc") else "toml")
    assert back.notices == []
    assert parse(back.text, name) == data


def test_the_reader_of_modes_sees_the_same_namespaces() -> None:
    code = convert(tomlkit.dumps(WORKERS["environments"]), "wrangler.toml", "ts").text
    config = load_text(code, NAMES["ts"])
    assert config.syntax == "code"
    assert [(one.binding, one.id, one.environment) for one in config.namespaces()] == [
        ("A", "2", "staging")
    ]


COMMENTED = """\
# <1>

# <2>
name = "a" # <3>

# <4>
[[kv_namespaces]] # <5>
# <6>
binding = "A" # <7>
# <8>
id = "1" # <9>
# <10>

# <11>
[vars] # <12>
# <13>
T = "t" # <14>
# <15>

# <16>
[env.staging] # <17>
# <18>
workers_dev = true # <19>
routes = [ # <20>
  "a.com/*", # <21>
  # <22>
]

# <23>
[[env.staging.migrations]]
tag = "v1" # <24>

# <25>
"""


@pytest.mark.parametrize("back", ["jsonc", "toml"])
def test_code_keeps_comments_there_and_back(back: Language) -> None:
    code = convert(COMMENTED, "wrangler.toml", "ts").text
    assert comments(code) == numbered(25)
    assert comments(convert(code, NAMES["ts"], back).text) == numbered(25)


OLDER = """\
// <1>
import { bindings, defineWorker } from "@cloudflare/vite-plugin/experimental-config";

// <2>
const shared = { // <3>
  entrypoint: "x.ts", // <4>
  // <5>
  compatibilityDate: "2026-01-01" /* <6> */,
  // <7>
};

export default defineWorker(({ mode }) => ({
  // <8>
  ...shared, // <9>
  name: "shop",
  env: {
    // <10>
    A: bindings.kv({ id: mode === "x" ? "1" : "2", remote: true }), // <11>
    D: bindings.d1({ id: "3" /* <12> */ }),
    OFF: false, // <13>
  },
}));
// <14>
"""


def test_the_older_form_is_converted_with_comments_and_modes() -> None:
    done = convert(OLDER, NAMES["ts"], "toml")
    assert done.notices == []
    assert comments(done.text) == numbered(14)
    assert parse(done.text, "wrangler.toml") == {
        "main": "x.ts",
        "compatibility_date": "2026-01-01",
        "name": "shop",
        "kv_namespaces": [{"binding": "A", "id": "2", "remote": True}],
        "d1_databases": [{"binding": "D", "database_id": "3"}],
        "env": {
            "x": {
                "name": "shop",
                "kv_namespaces": [{"binding": "A", "id": "1", "remote": True}],
                "d1_databases": [{"binding": "D", "database_id": "3"}],
            }
        },
    }


PATHS = {
    "wrangler.toml": {"jsonc": "wrangler.jsonc", "ts": "cloudflare.config.ts"},
    "wrangler.json": {
        "jsonc": "wrangler.jsonc",
        "toml": "wrangler.toml",
        "ts": "cloudflare.config.ts",
    },
    "wrangler.staging.jsonc": {"toml": "wrangler.staging.toml", "ts": "cloudflare.config.ts"},
    "cloudflare.config.mts": {"jsonc": "wrangler.jsonc", "toml": "wrangler.toml"},
}


@pytest.mark.parametrize("name, wanted", PATHS.items(), ids=PATHS)
def test_a_converted_config_is_beside_the_original(name: str, wanted: dict[str, str]) -> None:
    found = {to: converted_path(Path("/p") / name, to).name for to in languages(name)}
    assert found == wanted


LARGE: dict[str, tuple[str, str, Language]] = {
    "lists in lists": (f"a = {'[' * 90}{']' * 90}\n", "toml", "jsonc"),
    "objects in objects": ('{"a":' * 95 + "1" + "}" * 95, "jsonc", "toml"),
    "headers": ("".join(f"[t{number}]\na = 1\n" for number in range(5_000)), "toml", "jsonc"),
    "entries": (
        json.dumps({"kv_namespaces": [{"binding": f"B{number}"} for number in range(2_000)]}),
        "jsonc",
        "ts",
    ),
    "comments": ("# x\n" * 50_000 + "a = 1\n", "toml", "jsonc"),
}


@pytest.mark.parametrize("text, of, to", LARGE.values(), ids=LARGE)
def test_a_large_config_is_converted(text: str, of: str, to: Language) -> None:
    assert convert(text, NAMES[of], to).text

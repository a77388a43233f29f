"""A cloudflare.config.ts read without running it: its modes, namespaces, spans and edits."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from kvlens.cli import main
from kvlens.config.edit import (
    add_bindings,
    add_namespace,
    applied,
    can_add_code,
    remove_entry,
    remove_field,
    rename_at,
)
from kvlens.config.find import ConfigError
from kvlens.config.model import Config
from kvlens.config.reader import load_text
from kvlens.config.syntax_check import check_config_syntax
from kvlens.js.config_bindings import declared
from kvlens.lint.base import EntryRule
from kvlens.lint.check_config import check
from kvlens.lint.registry import find_rule
from kvlens.worker.config import read_worker_config

A, B, C = (f"{digit}f2ac74b498b48028cb68387c421e279" for digit in "123")
HEAD = 'import { bindings, defineConfig } from "cf/config";\n'
UNKNOWN = "?"

Modes = dict[str | None, dict[str, str]]


def read(code: str, name: str = "cloudflare.config.ts") -> Config:
    """Return a config in code."""
    return load_text(code, f"/project/{name}")


def modes_of(config: Config) -> Modes:
    """Return the id of each binding in each mode, with a * if it's remote; "…" if others may exist."""
    found: Modes = {}
    for environment in config.environments:
        names = found[environment.name] = {}
        for kv in environment.kv:
            for entry in kv.entries:
                remote = entry.get("remote")
                mark = "*" if remote is not None and remote.value is True else ""
                id_field = entry.get("id")
                text = UNKNOWN if id_field and id_field.broken else entry.text_of("id") or ""
                names[entry.text_of("binding") or ""] = text + mark
            if kv.broken:
                names["…"] = ""
    return found


def worker(env: str, before: str = "") -> str:
    """Return a config in object form with these bindings."""
    return f"{HEAD}{before}export default defineConfig({{ worker: {{ env: {env} }} }});\n"


def by_mode(body: str, parameter: str = "{ mode, isPreview }") -> str:
    """Return a config in function form."""
    return f"{HEAD}export default defineConfig(({parameter}) => {body});\n"


def kv(id_text: str) -> str:
    """Return a namespace with this id."""
    return f'bindings.kv({{ id: "{id_text}" }})'


CASES: dict[str, tuple[str, Modes]] = {
    "object": (worker(f"{{ X: {kv(A)} }}"), {None: {"X": A}}),
    "no arguments": (worker("{ X: bindings.kv() }"), {None: {"X": ""}}),
    "remote": (
        worker(f'{{ X: bindings.kv({{ id: "{A}", dev: {{ remote: true }} }}) }}'),
        {None: {"X": f"{A}*"}},
    ),
    "not remote": (
        worker(f'{{ X: bindings.kv({{ id: "{A}", dev: {{ remote: false }} }}) }}'),
        {None: {"X": A}},
    ),
    "a literal": (worker(f'{{ X: {{ type: "kv", id: "{A}" }} }}'), {None: {"X": A}}),
    "a literal of another type": (worker('{ X: { type: "d1" } }'), {None: {}}),
    "another binding": (worker(f"{{ D: bindings.d1({{}}), X: {kv(A)} }}"), {None: {"X": A}}),
    "another function": (worker(f"{{ D: makeIt(), X: {kv(A)} }}"), {None: {"X": A, "…": ""}}),
    "no bindings": (f"{HEAD}export default defineConfig({{ worker: {{}} }});\n", {None: {}}),
    "a quoted name": (worker(f'{{ "my-kv": {kv(A)} }}'), {None: {"my-kv": A}}),
    "a computed name": (
        worker(f"{{ [NAME]: {kv(A)} }}", 'const NAME = "X";\n'),
        {None: {"X": A}},
    ),
    "an unknown name": (worker(f"{{ [process.env.N]: {kv(A)} }}"), {None: {"…": ""}}),
    "shorthand": (worker("{ X }", f"const X = {kv(A)};\n"), {None: {"X": A}}),
    "an id in a constant": (
        worker("{ X: bindings.kv({ id: ID }) }", f'const ID = "{A}" as const;\n'),
        {None: {"X": A}},
    ),
    "an id of an imported constant": (
        worker("{ X: bindings.kv({ id: ID }) }", 'import { ID } from "./ids";\n'),
        {None: {"X": UNKNOWN}},
    ),
    "an id of the environment": (
        worker("{ X: bindings.kv({ id: process.env.ID }) }"),
        {None: {"X": UNKNOWN}},
    ),
    "an id in a variable": (
        worker("{ X: bindings.kv({ id: ID }) }", f'let ID = "{A}";\n'),
        {None: {"X": UNKNOWN}},
    ),
    "a changed constant": (
        worker("{ X: bindings.kv({ id: ids.x }) }", f'const ids = {{ x: "{A}" }}; ids.x = "";\n'),
        {None: {"X": UNKNOWN}},
    ),
    "a constant of itself": (
        worker("{ X: bindings.kv({ id }) }", "const id = id;\n"),
        {None: {"X": UNKNOWN}},
    ),
    "a template": (
        worker("{ X: bindings.kv({ id: `${a}2` }) }", 'const a = "1";\n'),
        {None: {"X": "12"}},
    ),
    "spread of a constant": (
        worker(f"{{ ...all, Y: {kv(B)} }}", f"const all = {{ X: {kv(A)} }};\n"),
        {None: {"X": A, "Y": B}},
    ),
    "spread of an import": (
        worker(f"{{ ...all, Y: {kv(B)} }}", 'import { all } from "./all";\n'),
        {None: {"Y": B, "…": ""}},
    ),
    "spread into a namespace": (
        worker("{ X: bindings.kv({ ...more }) }", 'import { more } from "./more";\n'),
        {None: {"X": UNKNOWN}},
    ),
    "bindings under another name": (
        f'import {{ bindings as b, defineConfig as d }} from "cf/config";\n'
        f'export default d({{ worker: {{ env: {{ X: b.kv({{ id: "{A}" }}) }} }} }});',
        {None: {"X": A}},
    ),
    "a namespace import": (
        f'import * as cf from "cf/config";\nexport default cf.defineConfig({{ worker: {{ env: '
        f'{{ X: cf.bindings.kv({{ id: "{A}" }}) }} }} }});',
        {None: {"X": A}},
    ),
    "bindings of something else": (
        worker('{ X: other.kv({ id: "1" }) }', 'import { other } from "./other";\n'),
        {None: {"…": ""}},
    ),
    "a function of bindings under a name": (
        worker(f'{{ X: kv({{ id: "{A}" }}), D: d1() }}', "const { kv, d1 } = bindings;\n"),
        {None: {"X": A}},
    ),
    "a function of bindings in a constant": (
        worker(f'{{ X: make({{ id: "{A}" }}) }}', "const make = bindings.kv;\n"),
        {None: {"X": A}},
    ),
    "a function of bindings that isn't called": (
        worker(f"{{ X: bindings.kv, Y: {kv(B)} }}"),
        {None: {"Y": B, "…": ""}},
    ),
    "constants in a pattern": (
        worker(
            "{ X: bindings.kv({ id: a }), Y: bindings.kv({ id: inner.b }), Z: bindings.kv({ id: c }) }",
            f'const {{ a, more: inner, c = "{C}" }} = {{ a: "{A}", more: {{ b: "{B}" }} }};\n',
        ),
        {None: {"X": A, "Y": B, "Z": C}},
    ),
    "variables in a pattern": (
        worker("{ X: bindings.kv({ id: a }) }", f'let {{ a }} = {{ a: "{A}" }};\n'),
        {None: {"X": UNKNOWN}},
    ),
    "a helper": (
        worker(f'{{ X: named("{A}") }}', "const named = (id: string) => bindings.kv({ id });\n"),
        {None: {"X": A}},
    ),
    "the older form": (
        'import { bindings, defineWorker } from "@cloudflare/vite-plugin/experimental-config";\n'
        f'export default defineWorker({{ env: {{ X: bindings.kv({{ id: "{A}", remote: true }}) }} }});',
        {None: {"X": f"{A}*"}},
    ),
    "an exported constant": (
        f"{HEAD}const config = defineConfig({{ worker: {{ env: {{ X: {kv(A)} }} }} }});\n"
        "export default config;\n",
        {None: {"X": A}},
    ),
    "no default export": (f"{HEAD}export const x = 1;\n", {None: {"…": ""}}),
    "an unknown config": (f"{HEAD}export default defineConfig(make());\n", {None: {"…": ""}}),
    "a ternary of the mode": (
        by_mode(
            f'({{ worker: {{ env: {{ X: bindings.kv({{ id: mode === "production" ? "{A}" : "{B}" }})'
            " } } })"
        ),
        {None: {"X": B}, "production": {"X": A}},
    ),
    "a mode taken from the argument": (
        by_mode(
            "{ const { mode: m } = ctx; return { worker: { env: { X: "
            f'bindings.kv({{ id: m === "production" ? "{A}" : "{B}" }}) }} }} }}; }}',
            "ctx",
        ),
        {None: {"X": B}, "production": {"X": A}},
    ),
    "not the mode": (
        by_mode(
            f'({{ worker: {{ env: {{ X: bindings.kv({{ id: mode !== "dev" ? "{A}" : "{B}" }}) }} }} }})'
        ),
        {None: {"X": A}, "dev": {"X": B}},
    ),
    "a ternary of something else": (
        by_mode(
            f'({{ worker: {{ env: {{ X: bindings.kv({{ id: process.env.CI ? "{A}" : "{B}" }}) }} }} }})'
        ),
        {None: {"X": UNKNOWN}},
    ),
    "switch": (
        by_mode(
            "{ switch (ctx.mode) { "
            f'case "staging": return {{ worker: {{ env: {{ X: {kv(A)} }} }} }}; '
            f'case "a": case "b": return {{ worker: {{ env: {{ X: {kv(B)} }} }} }}; '
            f"default: return {{ worker: {{ env: {{ X: {kv(C)} }} }} }}; }} }}",
            "ctx",
        ),
        {None: {"X": C}, "staging": {"X": A}, "a": {"X": B}, "b": {"X": B}},
    ),
    "switch without a default that returns": (
        by_mode(
            "{ switch (mode) { "
            f'case "staging": return {{ worker: {{ env: {{ X: {kv(A)} }} }} }}; '
            'default: throw new Error("mode"); } }'
        ),
        {None: {}, "staging": {"X": A}},
    ),
    "switch without a default": (
        by_mode(
            f'{{ switch (mode) {{ case "a": return {{ worker: {{ env: {{ X: {kv(A)} }} }} }}; }} }}'
        ),
        {None: {}, "a": {"X": A}},
    ),
    "if": (
        by_mode(
            f'{{ if (mode === "staging") {{ return {{ worker: {{ env: {{ X: {kv(A)} }} }} }}; }} '
            f"return {{ worker: {{ env: {{ X: {kv(B)} }} }} }}; }}"
        ),
        {None: {"X": B}, "staging": {"X": A}},
    ),
    "else": (
        by_mode(
            f'{{ if (mode === "staging") return {{ worker: {{ env: {{ X: {kv(A)} }} }} }}; '
            f"else return {{ worker: {{ env: {{ X: {kv(B)} }} }} }}; }}"
        ),
        {None: {"X": B}, "staging": {"X": A}},
    ),
    "an unknown if": (
        by_mode(
            f"{{ if (process.env.CI) return {{ worker: {{ env: {{ X: {kv(A)} }} }} }}; "
            f"return {{ worker: {{ env: {{ X: {kv(B)} }} }} }}; }}"
        ),
        {None: {"…": ""}},
    ),
    "ids by mode": (
        f'{HEAD}const ids = {{ staging: "{A}", production: "{B}" }};\n'
        "export default defineConfig(({ mode }) => ({ worker: { env: "
        "{ X: bindings.kv({ id: ids[mode] }) } } }));\n",
        {None: {"X": UNKNOWN}, "staging": {"X": A}, "production": {"X": B}},
    ),
    "spread by mode": (
        by_mode(
            f'({{ worker: {{ env: {{ X: {kv(A)}, ...(mode === "dev" ? {{ Y: {kv(B)} }} : {{}}) }} '
            "} })"
        ),
        {None: {"X": A}, "dev": {"X": A, "Y": B}},
    ),
    "spread with &&": (
        by_mode(
            f'({{ worker: {{ env: {{ X: {kv(A)}, ...(mode === "dev" && {{ Y: {kv(B)} }}) }} }} }})'
        ),
        {None: {"X": A}, "dev": {"X": A, "Y": B}},
    ),
    "a constant of a condition": (
        by_mode(
            '{ const live = mode === "production"; '
            f'return {{ worker: {{ env: {{ X: bindings.kv({{ id: live ? "{A}" : "{B}" }}) }} }} }}; }}'
        ),
        {None: {"X": B}, "production": {"X": A}},
    ),
    "one of several modes": (
        by_mode(
            '({ worker: { env: { X: bindings.kv({ id: ["a", "b"].includes(mode) '
            f'? "{A}" : "{B}" }}) }} }} }})'
        ),
        {None: {"X": B}, "a": {"X": A}, "b": {"X": A}},
    ),
    "a function with a name": (
        f"{HEAD}export default defineConfig(make);\n"
        f"function make() {{ return {{ worker: {{ env: {{ X: {kv(A)} }} }} }}; }}\n",
        {None: {"X": A}},
    ),
    "half-typed": (worker("{ X: bindings.kv({ id: "), {None: {"…": ""}}),
    "empty": ("", {None: {}}),
}


@pytest.mark.parametrize("case", CASES)
def test_modes(case: str) -> None:
    code, wanted = CASES[case]
    if case == "half-typed":
        read(code)  # whatever the parser makes of it
        return
    assert modes_of(read(code)) == wanted


@pytest.mark.parametrize("name", ["ts", "mts", "js", "mjs"])
def test_all_endings(name: str) -> None:
    assert modes_of(read(worker(f"{{ X: {kv(A)} }}"), f"cloudflare.config.{name}")) == {
        None: {"X": A}
    }


def test_previews() -> None:
    code = by_mode(
        f'({{ worker: {{ env: {{ X: bindings.kv({{ id: isPreview ? "{A}" : "{B}" }}) }} }} }})'
    )
    (top,) = read(code).environments
    assert [entry.text_of("id") for kv in top.kv for entry in kv.entries] == [B]
    assert [entry.text_of("id") for kv in top.previews for entry in kv.entries] == [A]
    assert read(worker(f"{{ X: {kv(A)} }}")).environments[0].previews == []


def test_what_is_not_known_has_no_store() -> None:
    config = read(worker("{ X: bindings.kv({ id: process.env.ID }), Y: bindings.kv() }"))
    assert [(one.binding, one.id) for one in config.namespaces()] == [("Y", "Y")]
    assert set(declared([config]).kv) == {"X", "Y"}


def test_spans() -> None:
    code = by_mode(
        '({ worker: { env: { /* 😀 */ X: bindings.kv({ id: mode === "p" ? "1" : "2", '
        "dev: { remote: true } }) } } })"
    )
    found = [
        [code[slice(*entry.span)], *(code[slice(*field.value_span)] for field in entry.fields)]
        for environment in read(code).environments
        for listed in environment.kv
        for entry in listed.entries
    ]
    whole = code[code.index("X: ") : code.index(" } } })")]
    assert found == [
        [whole, "X", '"2"', "{ remote: true }"],
        [whole, "X", '"1"', "{ remote: true }"],
    ]


HOSTILE = {
    "doubling constants": "".join(
        f"const a{n} = {{ ...a{n + 1}, ...a{n + 1} }};\n" for n in range(60)
    )
    + "const a60 = { X: bindings.kv() };\n"
    + worker("{ ...a0 }"),
    "doubling functions": "".join(
        f"const f{n} = () => [f{n + 1}(), f{n + 1}()];\n" for n in range(60)
    )
    + worker("{ X: f0() }"),
    "endless recursion": "const f = () => f();\n" + worker("{ X: f() }"),
    "many modes": by_mode(
        "{ " + "".join(f'if (mode === "m{n}") return {{}}; ' for n in range(5_000)) + "}"
    ),
    "many brackets": f"{HEAD}export default {'(' * 20_000}",
    "many texts": worker("{" + "".join(f"X{n}: bindings.kv(), " for n in range(20_000)) + "}"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_code_is_bounded(case: str) -> None:
    config = read(HOSTILE[case])
    assert len(config.environments) <= 51
    assert bool(config.refused) is (case not in ("endless recursion", "doubling constants"))


# checks -------------------------------------------------------------------------------------

CHECKS = {
    # id: (code with «» around what is reported, code of the rule)
    "empty id": (worker('{ X: bindings.kv({ id: «""» }) }'), "id-empty"),
    "malformed": (worker('{ X: bindings.kv({ id: «"123"» }) }'), "id-malformed"),
    "a good one": (worker(f"{{ X: {kv(A)} }}"), None),
    "unknown": (worker("{ X: bindings.kv({ id: process.env.X }) }"), None),
    "name": (worker(f'{{ «"my-kv"»: {kv(A)} }}'), "binding-not-identifier"),
    "two with one id": (
        worker(f'{{ X: {kv(A)}, Y: bindings.kv({{ id: «"{A}"» }}) }}'),
        "id-twice",
    ),
    "one constant in two modes": (
        f"{HEAD}const all = {{ X: {kv(A)} }};\n"
        'export default defineConfig(({ mode }) => mode === "a" ? { worker: { env: all } } '
        ": { worker: { env: { ...all } } });\n",
        None,
    ),
    "one id in two modes": (
        by_mode(
            f'mode === "a" ? {{ worker: {{ env: {{ X: bindings.kv({{ id: «"{A}"» }}) }} }} }} '
            f": {{ worker: {{ env: {{ X: {kv(A)} }} }} }}"
        ),
        "id-shared",
    ),
    "a mode without a binding": (
        by_mode(f'({{ worker: {{ env: mode === «"a"» ? {{}} : {{ X: {kv(A)} }} }} }})'),
        "environment-lacks-binding",
    ),
    "a mode that may have it": (
        by_mode(f'({{ worker: {{ env: mode === "a" ? {{ ...more }} : {{ X: {kv(A)} }} }} }})'),
        None,
    ),
    "remote": (
        worker(f'{{ X: bindings.kv({{ id: "{A}", dev: «{{ remote: true }}» }}) }}'),
        "remote-writes",
    ),
    "id that is a number": (worker("{ X: bindings.kv({ id: «5» }) }"), "id-not-string"),
    "id that is a number in a mode": (
        by_mode(
            f'({{ worker: {{ env: {{ X: bindings.kv({{ id: mode === "a" ? «5» : "{A}" }}) }} }} }})'
        ),
        "id-not-string",
    ),
    "id that may be anything": (
        worker("{ X: bindings.kv({ id: undefined }), Y: bindings.kv({ id: ids[0] }) }"),
        None,
    ),
    "remote that is a string": (
        worker('{ X: bindings.kv({ dev: { port: 1, remote: «"yes"» } }) }'),
        "remote-not-boolean",
    ),
    "remote that isn't known": (
        worker("{ X: bindings.kv({ dev: { remote: process.env.R } }), Y: bindings.kv({ dev }) }"),
        None,
    ),
    "code that doesn't parse": (worker("{ X: bindings.kv({ id: "), None),
    "suppressed": (
        worker('{\n X: bindings.kv({ id: "" }), // kvlens-disable-line id-empty\n}'),
        None,
    ),
}


@pytest.mark.parametrize("case", CHECKS)
def test_checks(case: str) -> None:
    marked, code = CHECKS[case]
    text = re.sub("[«»]", "", marked)
    found = [(problem.code, text[slice(*problem.span)]) for problem in check(read(text))]
    inside = re.search("«(.*?)»", marked)
    assert found == ([(code, inside[1])] if inside else [])


FIXED = {
    # id: (an argument of `bindings.kv()`, what each fix makes of it)
    "id": ("{ id: 5, dev: {} }", ["{ dev: {} }"]),
    "remote": ('{ dev: { remote: "yes", port: 1 } }', ["{ dev: { port: 1 } }"]),
    "remote in quotes": (
        '{ dev: { remote: "true", port: 1 } }',
        ["{ dev: { remote: true, port: 1 } }", "{ dev: { port: 1 } }"],
    ),
    "remote in quotes in a mode": ('{ dev: { remote: mode === "a" ? "true" : false } }', []),
}


@pytest.mark.parametrize("case", FIXED)
def test_fixes_change_only_the_value(case: str) -> None:
    before, wanted = FIXED[case]
    text = by_mode(f"({{ worker: {{ env: {{ X: bindings.kv({before}) }} }} }})")
    config = read(text)
    (problem,) = check(config)
    rule = find_rule(problem.code)
    assert isinstance(rule, EntryRule)
    assert rule.fixes
    found = [applied(text, fix.edits) for fix in rule.fixes(config, problem) if fix.edits]
    assert found == [text.replace(before, after) for after in wanted]


# edits --------------------------------------------------------------------------------------


def first(config: Config) -> tuple[str, int]:
    """Return the name of the first environment and the number of its entries."""
    return config.environments[0].name or "", len(config.environments[0].kv[0].entries)


REMOVED = {
    # id: (bindings, without the id of X, without X)
    "one line": (
        '{ X: bindings.kv({ id: "1", dev: {} }), Y: bindings.kv() }',
        "{ X: bindings.kv({ dev: {} }), Y: bindings.kv() }",
        "{ Y: bindings.kv() }",
    ),
    "last": (
        '{ Y: bindings.d1(), X: bindings.kv({ dev: {}, id: "1" }) }',
        "{ Y: bindings.d1(), X: bindings.kv({ dev: {} }) }",
        "{ Y: bindings.d1() }",
    ),
    "alone": ('{ X: bindings.kv({ id: "1" }) }', "{ X: bindings.kv({ }) }", "{ }"),
    "lines with comments": (
        '{\n  // one\n  X: bindings.kv({\n    id: "1", // the id\n    dev: {},\n  }), // two\n'
        "  Y: bindings.d1(),\n}",
        "{\n  // one\n  X: bindings.kv({\n    // the id\n    dev: {},\n  }), // two\n"
        "  Y: bindings.d1(),\n}",
        "{\n  // one\n  // the id\n  // two\n  Y: bindings.d1(),\n}",
    ),
    "unknown members": (
        '{ X: bindings.kv({ id: "1", other: "2", dev: { remote: true } }) }',
        '{ X: bindings.kv({ other: "2", dev: { remote: true } }) }',
        "{ }",
    ),
}


@pytest.mark.parametrize("case", REMOVED)
def test_removal(case: str) -> None:
    before, without_id, without_entry = (worker(env) for env in REMOVED[case])
    config = read(before)
    entry = config.environments[0].kv[0].entries[0]
    field = entry.get("id")
    assert field
    assert applied(before, remove_field(config, entry, field)) == without_id
    assert applied(before, remove_entry(config, entry)) == without_entry
    for text in (without_id, without_entry):
        assert check_config_syntax(read(text)) is None


KEPT = {
    # id: an id that can't be removed, as it may be another one in another mode
    "a ternary": 'id: mode === "a" ? "" : "1"',
    "a lookup": "id: ids[mode]",
    "a constant": "id: ID",
    "shorthand": "id",
    "dev": "dev: { remote: mode === 'a' }",
}


@pytest.mark.parametrize("case", KEPT)
def test_what_may_differ_by_mode_is_not_removed(case: str) -> None:
    code = 'const ids = { a: "" }, ID = "", id = "";\n' + by_mode(
        f"({{ worker: {{ env: {{ X: bindings.kv({{ {KEPT[case]} }}) }} }} }})"
    )
    config = read(code)
    for environment in config.environments:
        (entry,) = environment.kv[0].entries
        for name in ("id", "remote"):
            if field := entry.get(name):
                assert remove_field(config, entry, field) == ()


ADDED = {
    # id: (bindings, with NEW)
    "after others": (
        "{ X: bindings.kv(), D: bindings.d1() }",
        "{ X: bindings.kv(), D: bindings.d1(), NEW: bindings.kv() }",
    ),
    "none": ("{}", "{ NEW: bindings.kv() }"),
    "lines": (
        "{\n    X: bindings.kv({\n      id,\n    }), // x\n  }",
        "{\n    X: bindings.kv({\n      id,\n    }), // x\n    NEW: bindings.kv(),\n  }",
    ),
    "a trailing comma": (
        "{\n    X: bindings.kv(),\n  }",
        "{\n    X: bindings.kv(),\n    NEW: bindings.kv(),\n  }",
    ),
}


@pytest.mark.parametrize("case", ADDED)
def test_adding(case: str) -> None:
    before, after = (worker(env) for env in ADDED[case])
    config = read(before)
    assert can_add_code(config.environments[0])
    edit = add_namespace(config, "NEW")
    assert edit.applied(before) == after
    assert "NEW" in {one.binding for one in read(after).namespaces()}


def test_adding_without_the_import() -> None:
    before = 'export default { worker: { env: { X: { type: "kv" } } } };\n'
    config = read(before)
    edit = add_bindings(config, config.environments[0], ["NEW"])
    assert edit.applied(before) == before.replace('"kv" } }', '"kv" }, NEW: { type: "kv" } }')


@pytest.mark.parametrize(
    "code", [worker("make()"), f"{HEAD}export default defineConfig(make());\n"]
)
def test_what_cannot_be_extended_says_so(code: str) -> None:
    with pytest.raises(ConfigError, match="by hand"):
        add_namespace(read(code), "NEW")


RENAMED = {
    "plain": (f"{{ X: {kv(A)} }}", f"{{ NEW: {kv(A)} }}"),
    "quoted": (f'{{ "X": {kv(A)} }}', f'{{ "NEW": {kv(A)} }}'),
    "literal in brackets": (f'{{ ["X"]: {kv(A)} }}', f'{{ ["NEW"]: {kv(A)} }}'),
    "with a space": (f"{{ X : {kv(A)} }}", f"{{ NEW : {kv(A)} }}"),
}


@pytest.mark.parametrize("case", RENAMED)
def test_renaming(case: str) -> None:
    before, after = (worker(env) for env in RENAMED[case])
    config = read(before)
    edits = [rename_at(config, place, "NEW") for place in config.declarations("X")]
    assert applied(before, edits) == after


def test_renaming_shorthand_and_modes() -> None:
    before = by_mode(
        f'{{ const X = {kv(A)}; return mode === "a" ? {{ worker: {{ env: {{ X }} }} }} '
        ": { worker: { env: { X: bindings.kv({ id: process.env.X }) } } }; }"
    )
    config = read(before)
    edits = [rename_at(config, place, "NEW") for place in config.declarations("X")]
    assert applied(before, edits) == before.replace("{ X }", "{ NEW: X }").replace(
        "{ X: bindings.kv({ id: p", "{ NEW: bindings.kv({ id: p"
    )


# with the Worker's sources ------------------------------------------------------------------

SOURCES = {
    # id: (config, source, [(code of the rule, in which file)])
    "undeclared": (
        worker(f"{{ X: {kv(A)} }}"),
        "await env.X.get('a'); await env.NO.getWithMetadata('a');",
        [("binding-undeclared", "index.js")],
    ),
    "another binding": (
        worker(f"{{ X: {kv(A)}, NO: bindings.d1() }}"),
        "await env.X.get('a'); await env.NO.getWithMetadata('a');",
        [],
    ),
    "what may be declared": (
        worker(f"{{ X: {kv(A)}, ...more }}", 'import { more } from "./more";\n'),
        "await env.X.get('a'); await env.NO.getWithMetadata('a');",
        [],
    ),
    "unused": (
        worker(f"{{ X: {kv(A)}, Y: {kv(B)} }}"),
        "await env.X.get('a');",
        [("binding-unused", "cloudflare.config.ts")],
    ),
    "only in modes": (
        by_mode(
            f'{{ switch (mode) {{ case "a": return {{ worker: {{ env: {{ X: {kv(A)} }} }} }}; }} }}'
        ),
        "await env.X.get('a');",
        [],
    ),
    "not in a mode": (
        by_mode(f'({{ worker: {{ env: mode === "a" ? {{ X: {kv(A)} }} : {{}} }} }})'),
        "await env.X.getWithMetadata('a');",
        [],
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_sources(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    case: str,
) -> None:
    config, body, wanted = SOURCES[case]
    config = config.replace("worker: {", 'worker: { entrypoint: "index.js",')
    (tmp_path / "cloudflare.config.ts").write_text(config, "utf-8")
    source = f"export default {{ async fetch(request, env) {{ {body} }} }};\n"
    (tmp_path / "index.js").write_text(source, "utf-8")
    monkeypatch.chdir(tmp_path)
    main(["check", "--output-format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert [(one["code"], one["file"]) for one in found] == wanted


VARIABLES: dict[str, tuple[str, str | None, dict[str, object], list[str]]] = {
    # a Worker's env, an environment, its variables, its bindings that aren't supported
    "text": ('{ X: { type: "text", value: "a" } }', None, {"X": "a"}, []),
    "json": (
        "{ X: bindings.json({ value: { n: 1, f: 1.5, list: [true, null] } }) }",
        None,
        {"X": {"n": 1, "f": 1.5, "list": [True, None]}},
        [],
    ),
    "by mode": (
        '{ X: bindings.text({ value: mode === "staging" ? "s" : "t" }) }',
        "staging",
        {"X": "s"},
        [],
    ),
    "the top level of these": (
        '{ X: bindings.text({ value: mode === "staging" ? "s" : "t" }) }',
        None,
        {"X": "t"},
        [],
    ),
    "a value that isn't known": ('{ X: { type: "text", value: process.env.X } }', None, {}, ["X"]),
    "a part that isn't known": (
        "{ X: bindings.json({ value: { n: now() } }) }",
        None,
        {},
        ["X"],
    ),
    "a secret": ('{ X: { type: "secret" } }', None, {"X": "of .dev.vars"}, []),
    "another binding": ("{ DB: bindings.d1({}) }", None, {}, ["DB"]),
}


@pytest.mark.parametrize("case", VARIABLES)
def test_variables(case: str, tmp_path: Path) -> None:
    env, environment, variables, unsupported = VARIABLES[case]
    config = tmp_path / "cloudflare.config.ts"
    text = by_mode(f"({{ worker: {{ env: {env} }} }})")
    config.write_text(text, encoding="utf-8")
    if case == "a secret":
        (tmp_path / ".dev.vars").write_text('X="of .dev.vars"\n', encoding="utf-8")
    found = read_worker_config(config, environment)
    assert found.variables == variables
    assert [*found.unsupported] == unsupported

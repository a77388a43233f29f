"""Each quick fix removes its problem, causes no other, and keeps every comment."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest
from kvlens.config.comments import comments
from kvlens.config.edit import applied
from kvlens.config.model import Config
from kvlens.config.reader import load_text
from kvlens.config.syntax_check import check_syntax
from kvlens.lint.base import Fix, Problem
from kvlens.lint.check_config import check
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.fixes import fix_all, fixes_for, suppress
from kvlens.lint.registry import find_rule
from kvlens.lint.rewrites import rewrites
from kvlens.lsp import code_actions
from kvlens.text import LineIndex, Span
from lsprotocol import types

from tests.unit.marked_text import marked
from tests.unit.test_lint_config import CASES, ID, OLD, OTHER, PLACED, PLACEHOLDERS

# Cases without a fix, of rules that have fixes.
WITHOUT_FIX = {
    "open-string",
    "missing-comma",
    "table-twice",
    "json-comma",
    "json-empty",
    "unquoted-id",  # in quotes, it still wouldn't be an id
    "dotted-table",
    "array-is-number",
    "array-is-null",
    "array-is-object",
    "every-environment",
    "no-environment-named",
    "previews-not-array",
    "names-of-others",
    "silence-nothing",
    "vars-table",
    "vars-table-of-another-name",
    "vars-list-of-another-name",
    "vars-ids-by-binding",
    "vars-id-dotted",
    "vars-ids",
    "vars-json-in-a-string",
    "vars-binding-and-id",
    "vars-object-in-json",
    "vars-object-of-another-name-in-json",
    "silence-one-of-two",
}


def config_of(text: str) -> Config:
    """Parse a text as JSON if it begins like JSON, else as TOML."""
    return load_text(text, "wrangler.jsonc" if text.startswith(("{", "//")) else "wrangler.toml")


def with_comments(text: str) -> str:
    """Return a text with a comment at the end of every line that can have one."""
    config = config_of(text)
    mark = "//" if config.is_json else "#"
    lines = [
        f"{line} {mark} c{number}" if line.strip() and mark not in line else line
        for number, line in enumerate(text.split("\n"))
    ]
    return "\n".join(lines)


def every_fix(config: Config) -> list[tuple[Problem, Fix]]:
    """Return every fix that is offered for a config."""
    return [
        (p, fix) for p in check(config, OLD) for fix in fixes_for(FixableConfig(config, OLD), p)
    ]


def has_fixes(code: str) -> bool:
    """Return whether a rule proposes fixes."""
    return getattr(find_rule(code), "fixes", None) is not None


FIXABLE = {name: marked(text)[0] for name, (code, text) in CASES.items() if has_fixes(code)} | {
    name: marked(text)[0] for name, (code, _, text) in PLACED.items() if has_fixes(code)
}


@pytest.mark.parametrize("name", FIXABLE)
@pytest.mark.parametrize("form", ["plain", "comments", "crlf"])
def test_a_fix_mends_and_breaks_nothing(name: str, form: str) -> None:
    text = FIXABLE[name].replace("\r\n", "\n")
    if form == "comments":
        text = with_comments(text)
    if form == "crlf":
        text = text.replace("\n", "\r\n")
    config = config_of(text)
    was_valid = check_syntax(config.text, config.path) is None
    before = Counter(problem.code for problem in check(config, OLD))
    for problem, fix in every_fix(config):
        mended = config_of(applied(text, fix.edits))
        after = Counter(found.code for found in check(mended, OLD))
        assert after[problem.code] < before[problem.code], (fix, mended.text)
        assert not after - before, (fix, mended.text)
        assert not was_valid or check_syntax(mended.text, mended.path) is None
        assert all(one.span.end <= other.span.start for one, other in pairwise(sorted(fix.edits)))
        if problem.code != "silence-unknown":
            assert not Counter(said(config)) - Counter(said(mended)), (fix, mended.text)
        if form == "crlf":
            assert not re.search(r"(?<!\r)\n", mended.text)
        assert FixableConfig(config, OLD).solves(fix, problem.code)


def said(config: Config) -> list[str]:
    """Return the texts of the comments."""
    return [
        config.text[slice(*span)].rstrip() for span in comments(config.text, syntax=config.syntax)
    ]


@pytest.mark.parametrize("name", FIXABLE)
def test_every_case_has_a_fix(name: str) -> None:
    config = config_of(FIXABLE[name])
    code = CASES[name][0] if name in CASES else PLACED[name][0]
    found = [fixes_for(FixableConfig(config, OLD), p) for p in check(config, OLD) if p.code == code]
    assert all(found) == (name not in WITHOUT_FIX)


# name: (the config, the title of the fix, the config afterwards)
EXACT = {
    "field-first-with-tabs": (
        f'[[kv_namespaces]] # carts\n\tid = "{ID}"\n',
        'Add binding "KV"',
        f'[[kv_namespaces]] # carts\n\tbinding = "KV"\n\tid = "{ID}"\n',
    ),
    "field-first-in-json-lines": (
        f'{{\n  "kv_namespaces": [\n    {{\n      // one\n      "id": "{ID}"\n    }}\n  ]\n}}\n',
        'Add binding "KV"',
        f'{{\n  "kv_namespaces": [\n    {{\n      // one\n      "binding": "KV",\n      "id": "{ID}"\n    }}\n  ]\n}}\n',
    ),
    "binding-known-from-elsewhere": (
        f'[[kv_namespaces]]\nid = "{ID}"\n[[env.p.kv_namespaces]]\nbinding = "CARTS"\nid = "{ID}"\n',
        'Add binding "CARTS"',
        f'[[kv_namespaces]]\nbinding = "CARTS"\nid = "{ID}"\n[[env.p.kv_namespaces]]\nbinding = "CARTS"\nid = "{ID}"\n',
    ),
    "binding-for-every-environment": (
        f'kv_namespaces = [{{ id = "{ID}" }}]\n\n[env.p]\nname = "x"\n',
        'Add binding "KV", in every environment',
        f'kv_namespaces = [{{ binding = "KV", id = "{ID}" }}]\n\n[env.p]\nname = "x"\n\n[[env.p.kv_namespaces]]\nbinding = "KV"\n',
    ),
    "rename-everywhere": (
        "[[kv_namespaces]]\nbinding = \"my-kv\"\n[[env.p.kv_namespaces]]\nbinding = 'my-kv' # p\n",
        'Rename to "my_kv" in every environment; update the code to match',
        '[[kv_namespaces]]\nbinding = "my_kv"\n[[env.p.kv_namespaces]]\nbinding = "my_kv" # p\n',
    ),
    "last-member-of-json-lines": (
        '{\n  "kv_namespaces": [\n    {\n      "binding": "A", // a\n      "id": "" // b\n    }\n  ]\n}\n',
        "Remove id",
        '{\n  "kv_namespaces": [\n    {\n      "binding": "A" // a\n      // b\n    }\n  ]\n}\n',
    ),
    "with-the-comments-it-has": (
        'name = "x"\n\n[vars]\nX = 1\n# carts\n# of guests\nkv_namespaces = [\n  { binding = "A" }, # a\n] # end\nY = 2\n',
        "Move kv_namespaces to the top level",
        'name = "x"\n# carts\n# of guests\nkv_namespaces = [\n  { binding = "A" }, # a\n] # end\n\n[vars]\nX = 1\nY = 2\n',
    ),
    "into-the-environment-that-is-there": (
        '[env.p]\nname = "x"\n\n[env.p.vars]\nX = 1\nkv_namespaces = [{ binding = "A" }]\n',
        "Move kv_namespaces to env.p",
        '[env.p]\nname = "x"\nkv_namespaces = [{ binding = "A" }]\n\n[env.p.vars]\nX = 1\n',
    ),
    "to-the-environments-too": (
        '[vars]\nkv_namespaces = [{ binding = "A" }]\n[[env.p.kv_namespaces]]\nbinding = "B"\n',
        "Move kv_namespaces to the top level, its bindings to every environment",
        'kv_namespaces = [{ binding = "A" }]\n\n[vars]\n[[env.p.kv_namespaces]]\nbinding = "B"\n\n[[env.p.kv_namespaces]]\nbinding = "A"\n',
    ),
    "json-value-with-comments": (
        '{\n  "name": "x",\n  "vars": {\n    "kv_namespaces": [\n      { "binding": "A" } // a\n    ]\n  }\n}\n',
        "Move kv_namespaces to the top level",
        '{\n  "name": "x",\n  "vars": {\n  },\n  "kv_namespaces": [\n      { "binding": "A" } // a\n    ]\n}\n',
    ),
    "with-its-comment-to-the-top": (
        'name = "x"\n[[kv_namespaces]]\nbinding = "A"\nmain = "x.js" # entry\n',
        "Move main above the first header",
        'name = "x"\nmain = "x.js" # entry\n[[kv_namespaces]]\nbinding = "A"\n',
    ),
    "a-blank-line-less": (
        '[[kv_namespaces]]\nbinding = "A"\n\n[[kv_namespaces]]\nbinding = "A"\n\n[vars]\n',
        "Remove this duplicate",
        '[[kv_namespaces]]\nbinding = "A"\n\n[vars]\n',
    ),
    "quotes": (
        "[[kv_namespaces]]\nbinding = CARTS # c\n",
        'Put "CARTS" in quotes',
        '[[kv_namespaces]]\nbinding = "CARTS" # c\n',
    ),
    "quotes-for-an-id-of-digits-first": (
        f'[[kv_namespaces]]\nbinding = "A"\nid = {ID}\n',
        f'Put "{ID}" in quotes',
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n',
    ),
    "header-of-the-environment-above": (
        '[env.p]\nname = "p"\n\n[[kv_namespaces]] # p\nbinding = "B"\n',
        "Write [[env.p.kv_namespaces]]",
        '[env.p]\nname = "p"\n\n[[env.p.kv_namespaces]] # p\nbinding = "B"\n',
    ),
    "several-bindings-to-json": (
        '{\n  "kv_namespaces": [{ "binding": "A" }, { "binding": "B" }],\n  "env": {\n    "p": {\n      "name": "x"\n    }\n  }\n}\n',
        'Add "A" and "B" to env.p',
        '{\n  "kv_namespaces": [{ "binding": "A" }, { "binding": "B" }],\n  "env": {\n    "p": {\n      "name": "x",\n      "kv_namespaces": [{ "binding": "A" }, { "binding": "B" }]\n    }\n  }\n}\n',
    ),
}


@pytest.mark.parametrize(("text", "title", "expected"), EXACT.values(), ids=EXACT)
def test_a_fix_keeps_the_style_of_the_file(text: str, title: str, expected: str) -> None:
    config = config_of(text)
    found = {fix.title: applied(text, fix.edits) for _, fix in every_fix(config)}
    assert found[title] == expected


def test_all_of_a_kind_at_once() -> None:
    text = "".join(
        f'[[kv_namespaces]]\nbinding = "K{number}"\nid = "" # {number}\n' for number in range(3)
    )
    config = config_of(text)
    whole = fix_all(FixableConfig(config), check(config))
    assert whole
    assert whole.title == "Fix all 3 problems of id-empty in this file"
    mended = config_of(applied(text, whole.edits))
    assert check(mended) == []
    assert said(mended) == ["# 0", "# 1", "# 2"]


def test_all_that_is_safe_at_once() -> None:
    text = (
        'kv-namespaces = [{ binding = "A", previewid = "x", remote = "true" },\n'
        '  { binding = "my-kv", id = "<ID>" },\n  { binding = "B", id = "" }]\n'
    )
    config = config_of(text)
    whole = fix_all(FixableConfig(config), check(config), only_safe=True)
    assert whole
    mended = config_of(applied(text, whole.edits))  # the list is read only after the first round
    again = fix_all(FixableConfig(mended), check(mended), only_safe=True)
    assert again
    assert applied(mended.text, again.edits) == (
        'kv_namespaces = [{ binding = "A", preview_id = "x", remote = true },\n'
        '  { binding = "my-kv", id = "<ID>" },\n  { binding = "B" }]\n'
    )


def test_all_at_once_leaves_out_what_gets_in_the_way() -> None:
    text = 'kv_namespaces = ["A", 1, "A"]\n'  # as namespaces, the first and last conflict
    config = config_of(text)
    whole = fix_all(FixableConfig(config), check(config))
    assert whole
    assert applied(text, whole.edits) == 'kv_namespaces = [{ binding = "A" }, "A"]\n'


def test_nothing_to_fix_is_no_fix() -> None:
    config = config_of('[[kv_namespaces]]\nbinding = "A"\n')
    assert fix_all(FixableConfig(config), check(config)) is None


# name: (the config, the suppressed line, or None if no comment is possible)
SILENCED = {
    "toml": (
        '[[kv_namespaces]]\nbinding = "A-B"\n',
        'binding = "A-B" # kvlens-disable-line binding-not-identifier',
    ),
    "toml-with-comment": (
        '[[kv_namespaces]]\n  binding = "A-B" # c\n',
        "  # kvlens-disable-next-line binding-not-identifier",
    ),
    "one-more-code": (
        f'kv_namespaces = [{{ binding = "A-B", id = "{ID[1:]}" }}] # kvlens-disable-line id-malformed -- soon\n',
        "# kvlens-disable-line id-malformed, binding-not-identifier -- soon",
    ),
    "jsonc": (
        '{\n  "kv_namespaces": [{ "binding": "A-B" }],\n  "name": "x"\n}\n',
        '  "kv_namespaces": [{ "binding": "A-B" }], // kvlens-disable-line binding-not-identifier',
    ),
}


@pytest.mark.parametrize(("text", "line"), SILENCED.values(), ids=SILENCED)
def test_a_line_can_be_silenced(text: str, line: str) -> None:
    config = config_of(text)
    (problem,) = check(config)
    fix = suppress(FixableConfig(config), problem)
    assert fix
    assert line in applied(text, fix.edits)
    assert check(config_of(applied(text, fix.edits))) == []


def test_plain_json_has_no_comments() -> None:
    config = load_text('{ "kv_namespaces": [{ "binding": "A-B" }] }', "wrangler.json")
    (problem,) = check(config)
    assert suppress(FixableConfig(config), problem) is None


SECTIONS = f"""\
name = "x"

# all of them
[[kv_namespaces]] # first
# the carts
binding = "A"
id = "{ID}" # a

[[kv_namespaces]]
binding = "B"

[vars]
X = 1
"""
INLINE = f"""\
name = "x"
kv_namespaces = [
  # all of them
  # first
  # the carts
  # a
  {{ binding = "A", id = "{ID}" }},
  {{ binding = "B" }},
]

[vars]
X = 1
"""
# name: (before, the title, after)
REWRITES = {
    "to-inline": (SECTIONS, "Write it as kv_namespaces = […]", INLINE),
    "to-sections": (
        INLINE.replace("  # first\n", "").replace('id = "', 'id= "'),
        "Write it as [[kv_namespaces]]",
        'name = "x"\n\n# all of them\n# the carts\n# a\n[[kv_namespaces]]\nbinding = "A"\n'
        f'id= "{ID}"\n\n[[kv_namespaces]]\nbinding = "B"\n\n[vars]\nX = 1\n',
    ),
    "to-sections-behind-the-rest": (
        'name = "x"\n# all\nkv_namespaces = [{ binding = "A" }, { binding = "B" }] # two\nmain = "x.js"\n[vars]\nX = 1\n',
        "Write it as [[kv_namespaces]]",
        'name = "x"\nmain = "x.js"\n\n# all\n[[kv_namespaces]]\nbinding = "A"\n\n[[kv_namespaces]] # two\nbinding = "B"\n[vars]\nX = 1\n',
    ),
    "environment-to-inline": (
        '[env.p]\nname = "x"\n[[env.p.kv_namespaces]]\nbinding = "A"\n',
        "Write it as env.p.kv_namespaces = […]",
        '[env.p]\nname = "x"\nkv_namespaces = [\n  { binding = "A" },\n]\n',
    ),
    "environment-of-its-own-to-inline": (
        '[[env.p.kv_namespaces]]\nbinding = "A"\n\n[vars]\n',
        "Write it as env.p.kv_namespaces = […]",
        '[env.p]\nkv_namespaces = [\n  { binding = "A" },\n]\n\n[vars]\n',
    ),
    "environment-to-sections": (
        '[env.p]\nkv_namespaces = [{ binding = "A" }]\n',
        "Write it as [[env.p.kv_namespaces]]",
        '[env.p]\n\n[[env.p.kv_namespaces]]\nbinding = "A"\n',
    ),
    "to-another-environment": (
        '[env.p]\nname = "x"\n[[env.q.kv_namespaces]]\nbinding = "A"\n',
        'Add "A" to env.p',
        '[env.p]\nname = "x"\n[[env.q.kv_namespaces]]\nbinding = "A"\n\n[[env.p.kv_namespaces]]\nbinding = "A"\n',
    ),
}


@pytest.mark.parametrize(("text", "title", "expected"), REWRITES.values(), ids=REWRITES)
def test_a_rewrite_says_the_same_in_another_way(text: str, title: str, expected: str) -> None:
    config = config_of(text)
    at = text.index("kv_namespaces")
    found = {fix.title: applied(text, fix.edits) for fix in rewrites(config, Span(at, at))}
    assert found[title] == expected
    if title.startswith("Write"):
        assert [(n.environment, n.binding, n.id) for n in config_of(expected).namespaces()] == [
            (n.environment, n.binding, n.id) for n in config.namespaces()
        ]
        assert Counter(said(config_of(expected))) == Counter(said(config))


def test_a_new_local_id_is_another_each_time() -> None:
    text = f'{{ "kv_namespaces": [{{ "binding": "A", "id": "{OTHER}" }}] }}'
    at = text.index("binding")
    found = [
        applied(text, fix.edits)
        for _ in range(2)
        for fix in rewrites(config_of(text), Span(at, at))
        if "new local id" in fix.title
    ]
    assert len(set(found)) == 2
    assert all(re.search(r', "preview_id": "[0-9a-f]{32}" \}\]', one) for one in found)


def test_a_broken_config_is_not_rewritten() -> None:
    text = 'kv_namespaces = [{ binding = "A" }]\nx = \n'
    assert rewrites(config_of(text), Span(0, 0)) == []


def test_a_placeholder_is_taken_out() -> None:
    for value in PLACEHOLDERS:
        text = f'[[kv_namespaces]]\nbinding = "A"\nid = "{value}"\n'
        ((_, fix),) = every_fix(config_of(text))
        assert applied(text, fix.edits) == '[[kv_namespaces]]\nbinding = "A"\n'


MANY = {
    # what is wrong in each of many places: (the text before it, the text of one)
    "ids": ("", "[[kv_namespaces]]\nbinding = 'A'\nid = 'x'\n"),
    "fields": ("", "[[env.e{0}.kv_namespaces]]\nbinding = 'A'\nidd = 'x'\n"),
    "environments": ("[[kv_namespaces]]\nbinding = 'A'\n", "[env.e{0}]\nname = 'e{0}'\n"),
    "tables": ("", "[env.e{0}.kv_namespaces]\nbinding = 'A'\n"),
}


@pytest.mark.parametrize(("before", "each"), MANY.values(), ids=MANY)
def test_many_problems_cost_no_more_looks_than_some(
    monkeypatch: pytest.MonkeyPatch, before: str, each: str
) -> None:
    """Testing a fix parses the whole text, so the number of tested fixes is limited."""
    looks: list[str] = []
    count = {}

    solves = FixableConfig.solves

    def counted(file: FixableConfig, fix: Fix, *codes: str) -> bool:
        looks.append(codes[0])
        return solves(file, fix, *codes)

    monkeypatch.setattr(FixableConfig, "solves", counted)
    for entries in (20, 100, 400, 2000):
        text = before + "".join(each.format(number) for number in range(entries))
        config = load_text(text, "/p/wrangler.toml")
        whole = types.Range(types.Position(0, 0), types.Position(9999, 0))
        where = types.TextDocumentIdentifier("file:///p/wrangler.toml")
        params = types.CodeActionParams(where, whole, types.CodeActionContext([]))
        file = code_actions._File(where.uri, LineIndex(text), "utf-16", check(config))
        looks.clear()
        assert code_actions._of_config(params, file, config, {})
        count[entries] = len(looks)
    assert 150 > count[20] >= count[100] > count[400] >= count[2000]
    assert count[2000] <= 20

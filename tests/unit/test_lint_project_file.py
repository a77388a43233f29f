"""The project file: what it says, where it is found, and its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from kvlens.config.reader import load_text
from kvlens.lint.base import Level, Levels
from kvlens.lint.project_file import NONE, parse
from kvlens.lint.severities import Severities, selected

SHARED = "[tool.kvlens]\nexclude = ['gen']\n[tool.kvlens.rules]\nid-shared = 'off'\n"


def test_levels_by_file() -> None:
    text = """
rules = { id-shared = "off", id-twice = "error" }
[per-file-rules]
"src/**" = { id-shared = "warning" }
"*.gen.ts" = { id-shared = "error", promise-not-awaited = "off" }
"""
    file = parse(text, Path("/project/kvlens.toml"))
    assert file
    assert not file.mistakes
    assert file.levels(Path("/project/wrangler.toml")) == {"id-shared": "off", "id-twice": "error"}
    assert file.levels(Path("/project/src/a.ts"))["id-shared"] == "warning"
    assert file.levels(Path("/project/src/a.gen.ts")) == {
        "id-shared": "error",
        "id-twice": "error",
        "promise-not-awaited": "off",
    }
    assert file.levels(Path("/elsewhere/src/a.ts"))["id-shared"] == "off"


MISTAKES: dict[str, tuple[str, str, str]] = {
    # a text, what is underlined, the message
    "no-such-setting": ("exclud = []\n", "exclud", 'There is no setting "exclud"'),
    "no-such-rule": ("[rules]\nid-sharde = 'off'\n", "id-sharde", 'did you mean "id-shared"'),
    "far-from-any-rule": ("[rules]\nx = 'off'\n", "x", "docs/rules lists them"),
    "level": ("[rules]\nid-twice = 'warn'\n", "'warn'", "error, warning, information or off"),
    "level-number": ("[rules]\nid-twice = 2\n", "2", "A severity is"),
    "rules-not-a-table": ("rules = 'off'\n", "'off'", "This takes a table"),
    "patterns-not-a-list": ("exclude = 'a'\n", "'a'", "takes a list of patterns"),
    "pattern-not-a-string": (
        "exclude = ['a', 3]\n",
        "3",
        "a list of patterns of paths, each as a string",
    ),
    "pattern-leads-out": ("exclude = ['../x']\n", "'../x'", "is not a pattern of paths"),
    "environments-not-a-list": ("environments = 'a'\n", "'a'", "a list of names of environments"),
    "environment-not-a-string": ("environments = [1]\n", "1", "each as a string"),
    "seeds-not-files": ("seeds = 1\n", "1", "a file, a list of files, or a table by binding"),
    "seed-not-a-file": ("seeds = { A = [1] }\n", "1", "each as a string"),
    "seeds-lead-out": ("seeds = { A = '../x.json' }\n", "'../x.json'", "is not a pattern of paths"),
    "per-file-level": ("[per-file-rules]\n'a' = {id-twice = 1}\n", "1", "A severity is"),
    "per-file-not-a-table": ("[per-file-rules]\n'a' = 1\n", "1", "This takes a table"),
}


@pytest.mark.parametrize(("text", "marked", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(text: str, marked: str, message: str) -> None:
    file = parse(f'{text}[per-file-rules."b"]\nid-empty = "off"\n', Path("/p/kvlens.toml"))
    assert file
    (mistake,) = file.mistakes
    assert file.text[slice(*mistake.span)] == marked
    assert message in mistake.message
    assert file.levels(Path("/p/b"))["id-empty"] == "off", "the rest is used"


SYNTAX: dict[str, tuple[str, str | None]] = {
    # a text, what its syntax error says
    "open-header": ("exclude = ['a']\n[rules", "it ends in the middle of a value"),
    "open-list": ("exclude = ['a'\n", "it ends in the middle of a value"),
    "open-table": ("exclude = ['a']\nrules = {", "it ends in the middle of a value"),
    "no-name": ("exclude = ['a']\n= 3\n", "the name before = is missing"),
    "twice": ("exclude = ['a']\nexclude = ['b']\n", 'duplicate key "exclude"'),
    "valid": ("exclude = [\n  'a', # all\n]\n", None),
    "toml-1.1": ("rules = {\n}\nexclude = ['a']\n", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("text", "said"), SYNTAX.values(), ids=SYNTAX)
@pytest.mark.parametrize("name", ["kvlens.toml", "pyproject.toml"])
def test_a_syntax_error_is_reported(name: str, text: str, said: str | None) -> None:
    head = "[tool.kvlens]\n" if name == "pyproject.toml" else ""
    file = parse(head + text, Path("/p", name))
    assert file
    mistakes = [each.message for each in file.mistakes if "TOML" in each.message]
    assert mistakes == ([f"Not valid TOML: {said}. What is readable is used."] if said else [])
    assert file.excludes(Path("/p/a")) is bool(text), "the rest is used"


FOUND: dict[str, tuple[dict[str, str], str | None]] = {
    # files, the one that counts for sub/wrangler.toml
    "none": ({}, None),
    "own": ({"sub/kvlens.toml": "", "kvlens.toml": ""}, "sub/kvlens.toml"),
    "above": ({"kvlens.toml": ""}, "kvlens.toml"),
    "shared": ({"pyproject.toml": SHARED}, "pyproject.toml"),
    "shared-without": ({"sub/pyproject.toml": "[tool.ruff]\n", "kvlens.toml": ""}, "kvlens.toml"),
    "shared-mentions": ({"pyproject.toml": "dependencies = ['kvlens']\n"}, None),
    "both": ({"pyproject.toml": SHARED, "kvlens.toml": ""}, "kvlens.toml"),
}


@pytest.mark.parametrize(("files", "expected"), FOUND.values(), ids=FOUND)
def test_where_it_is_found(tmp_path: Path, files: dict[str, str], expected: str | None) -> None:
    (tmp_path / "sub").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = Severities().file(tmp_path / "sub" / "x")
    assert found.path == (tmp_path / expected if expected else None)
    if expected is None:
        assert found is NONE


@pytest.mark.parametrize("content", [b"\xff\xfea\x00", b"a\x00", b"\xe9"], ids=["16", "bin", "l1"])
def test_an_unreadable_one_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kvlens.toml").write_bytes(content)
    (mistake,) = Severities().file(tmp_path / "x").mistakes
    assert mistake.message.startswith("This file ")


def test_the_user_wins_and_excluded_files_are_silent_in_an_editor(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SHARED, encoding="utf-8")
    severities = Severities({"id-shared": "error"})
    assert severities.of(tmp_path / "wrangler.toml")["id-shared"] == "error"
    assert severities.of_open(tmp_path / "gen" / "a.ts").get("promise-not-awaited") == "off"
    assert severities.excludes(tmp_path / "gen" / "a.ts")
    assert not severities.excludes(tmp_path / "a.ts")


SELECTED: dict[str, tuple[list[str], list[str], set[str]]] = {
    # --select, --ignore, which of three rules are off
    "none": ([], [], set()),
    "select": (["id-empty"], [], {"id-twice", "binding-missing"}),
    "pattern": (["id-*"], [], {"binding-missing"}),
    "ignore": ([], ["id-*"], {"id-empty", "id-twice"}),
    "both": (["id-*"], ["id-twice"], {"id-twice", "binding-missing"}),
}
TURNED_ON = {
    # --select, --ignore, severities of the user -> that of a rule that is off by default
    "code": (["id-twice"], [], {}, "information"),
    "pattern": (["id-*"], [], {}, "information"),
    "another": (["id-empty"], [], {}, "off"),
    "ignored": (["id-*"], ["id-twice"], {}, "off"),
    "severity": ([], [], {"id-twice": "error"}, "error"),
    "select-and-severity": (["id-twice"], [], {"id-twice": "error"}, "error"),
    "nothing": ([], [], {}, None),
}


@pytest.mark.parametrize(("select", "ignore", "off"), SELECTED.values(), ids=SELECTED)
def test_selected_rules(select: list[str], ignore: list[str], off: set[str]) -> None:
    levels = selected({}, select, ignore)
    codes = ("id-empty", "id-twice", "binding-missing")
    assert {code for code in codes if levels.get(code) == "off"} == off
    assert "unreadable-file" not in levels


ENVIRONMENTS: dict[str, tuple[str, list[str | None]]] = {
    # a project file, the environments of a config with "old" and "staging"
    "all": ("", [None, "old", "staging"]),
    "some": ('environments = ["staging"]\n', [None, "staging"]),
    "none": ("environments = []\n", [None]),
    "unknown": ('environments = ["other"]\n', [None]),
    "invalid": ('environments = "staging"\n', [None, "old", "staging"]),
}
CONFIGS = {
    "wrangler.toml": "[env.old]\nname = 'o'\n[env.staging]\nname = 's'\n",
    "wrangler.jsonc": '{ "env": { "old": {}, "staging": {} } }',
    "cloudflare.config.ts": "export default defineConfig(({ mode }) => ({ worker: { name:"
    " { old: 'o', staging: 's' }[mode] } }));",
}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(("text", "wanted"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_only_the_environments_that_count_are_read(
    config: str, text: str, wanted: list[str | None]
) -> None:
    file = parse(text, Path("/p/kvlens.toml"))
    assert file
    read = load_text(CONFIGS[config], f"/p/{config}", file.environments)
    assert [environment.name for environment in read.environments] == wanted


SEEDS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    # a project file, the seed files of the project in app/ with their bindings
    "default": ("", [("A", "app/seeds/A.json"), ("B", "app/seeds/B.json")]),
    "by binding": (
        'seeds = { A = "data/sessions.json" }\n',
        [("A", "data/sessions.json"), ("B", "app/seeds/B.json")],
    ),
    "several files": (
        'seeds = { C = ["data/sessions.json", "data/more/*.json"] }\n',
        [
            *[("C", "data/sessions.json"), ("C", "data/more/A.json")],
            *[("A", "app/seeds/A.json"), ("B", "app/seeds/B.json")],
        ],
    ),
    "a list": (
        'seeds = ["data/**/*.json"]\n',
        [("sessions", "data/sessions.json"), ("A", "data/more/A.json")],
    ),
    "an empty list": ("seeds = []\n", []),
    "a missing file": ('seeds = ["data/none.json"]\n', []),
    "the root of the repository": (
        'seeds = ["*/seeds/A.json"]\n',
        [("A", "app/seeds/A.json")],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), SEEDS.values(), ids=SEEDS)
def test_seed_files(tmp_path: Path, text: str, wanted: list[tuple[str, str]]) -> None:
    for name in ("app/seeds/A.json", "app/seeds/B.json", "data/sessions.json", "data/more/A.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[]", encoding="utf-8")
    (tmp_path / "data/node_modules").mkdir()
    (tmp_path / "data/node_modules/A.json").write_text("[]", encoding="utf-8")
    (tmp_path / "kvlens.toml").write_text(text, encoding="utf-8")
    found = Severities().file(tmp_path / "app" / "x").seeds.files(tmp_path / "app")
    assert [(binding, path.relative_to(tmp_path).as_posix()) for binding, path in found] == wanted


def test_a_seed_file_behind_a_link_out_is_left_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "secret.json"
    inside.mkdir()
    outside.write_text("[]", encoding="utf-8")
    (inside / "A.json").symlink_to(outside)
    (inside / "kvlens.toml").write_text('seeds = ["A.json"]\n', encoding="utf-8")
    assert Severities().file(inside / "x").seeds.files(inside) == []


@pytest.mark.parametrize(("select", "ignore", "user", "level"), TURNED_ON.values(), ids=TURNED_ON)
def test_a_rule_that_is_off_by_default_is_turned_on(
    select: list[str], ignore: list[str], user: Levels, level: Level | None
) -> None:
    assert selected(user, select, ignore).get("id-twice") == level


SHOP = 'name = "a"\n[[kv_namespaces]]\nbinding = "CARTS"\n[env.production]\nname = "b"\n'
CODE = "export default defineConfig(({ mode }) => ({ worker: { name: { staging: 's' }[mode] } }));"
TARGETS: dict[str, tuple[str, dict[str, str], list[tuple[str, str]]]] = {
    # a project file, files, what is underlined and said
    "environment": (
        'environments = ["prodution", "production"]\n',
        {"a/wrangler.toml": SHOP},
        [('"prodution"', 'the environment "prodution"; did you mean "production"?')],
    ),
    "environment-far-from-any": (
        'environments = ["x"]\n',
        {"a/wrangler.toml": SHOP},
        [('"x"', 'No config here has the environment "x"; there is "production".')],
    ),
    "environment-where-there-are-none": (
        'environments = ["x"]\n',
        {"wrangler.toml": "name = 'a'"},
        [('"x"', 'No config here has the environment "x".')],
    ),
    "mode": (
        'environments = ["stagin", "production"]\n',
        {"cloudflare.config.ts": CODE},
        [('"stagin"', 'did you mean "staging"?')],
    ),
    "environment-of-another-project": (
        'environments = ["production"]\n',
        {"a/wrangler.toml": SHOP, "a/kvlens.toml": "", "wrangler.toml": "name = 'a'"},
        [('"production"', "No config here")],
    ),
    "environment-of-an-excluded-config": (
        'environments = ["production"]\nexclude = ["a"]\n',
        {"a/wrangler.toml": SHOP},
        [],
    ),
    "config-that-cannot-be-read": (
        'environments = ["x"]\n',
        {"a/wrangler.toml": SHOP, "wrangler.toml": "\0"},
        [],
    ),
    "config-with-a-syntax-error": (
        'environments = ["production"]\nseeds = { CARTS = "carts.json" }\n',
        {"wrangler.toml": "name = \n[env.production", "carts.json": "[]"},
        [],
    ),
    "no-config": ('environments = ["x"]\n', {}, []),
    "seed": (
        'seeds = { CARTS = "data/cart.json" }\n',
        {"wrangler.toml": SHOP, "data/carts.json": "[]"},
        [('"data/cart.json"', '"data/cart.json"; did you mean "data/carts.json"?')],
    ),
    "seeds": (
        'seeds = ["data/*.json", "x.json", "data/**/*.json"]\n',
        {"wrangler.toml": SHOP, "data/more/CARTS.json": "[]"},
        [('"data/*.json"', 'matches "data/*.json".'), ('"x.json"', '"x.json".')],
    ),
    "binding": (
        'seeds = { CART = "carts.json" }\n',
        {"wrangler.toml": SHOP, "carts.json": "[]"},
        [("CART", 'the namespace "CART"; did you mean "CARTS"?')],
    ),
    "all-there": (
        'environments = ["production"]\nseeds = { CARTS = "carts.json" }\n',
        {"wrangler.toml": SHOP, "carts.json": "[]"},
        [],
    ),
}


@pytest.mark.parametrize("name", ["kvlens.toml", "pyproject.toml"])
@pytest.mark.parametrize(("text", "files", "said"), TARGETS.values(), ids=TARGETS)
def test_what_is_named_has_to_exist(
    tmp_path: Path, name: str, text: str, files: dict[str, str], said: list[tuple[str, str]]
) -> None:
    head = "[tool.kvlens]\n" if name == "pyproject.toml" else ""
    for path, content in {**files, name: head + text}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    severities = Severities()
    file = severities.file(tmp_path / "x")
    problems = severities.problems(file)
    assert [file.text[slice(*problem.span)] for problem in problems] == [where for where, _ in said]
    for problem, (_, message) in zip(problems, said, strict=True):
        assert message in problem.message
        assert problem.code == "project-file-invalid"

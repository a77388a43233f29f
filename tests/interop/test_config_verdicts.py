"""Our verdicts on configs compared with the real wrangler's, and on templates that people start
from.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kvlens.config.find import find_configs, read_config
from kvlens.config.reader import load_text
from kvlens.lint.check_config import check

from scripts.toolchain import INTEROP_TREE, node
from tests.unit.marked_text import marked
from tests.unit.test_lint_config import CASES, CLEAN, ID, PLACEHOLDERS

# wrangler's own validation of many configs in one process: [{errors, warnings}].
READER = """
const { unstable_readConfig } = require("wrangler");
let warned = "";
for (const name of ["warn", "error", "log", "info"]) console[name] = (...words) => {
  if (name === "warn") warned += words.join(" ");
};
const answers = JSON.parse(process.argv[1]).map(([config, env]) => {
  warned = "";
  try {
    unstable_readConfig({ config, env: env ?? undefined });
    return { error: null, warning: warned };
  } catch (error) {
    return { error: error.message, warning: warned };
  }
});
process.stdout.write(JSON.stringify(answers));
"""


class Verdict(NamedTuple):
    """wrangler's messages for one selected environment; None if there are none."""

    error: str | None
    warning: str


def wrangler_says(asked: list[tuple[Path, str | None]]) -> list[Verdict]:
    """Return the real wrangler's verdict on every (config, environment)."""
    done = subprocess.run(
        [node(), "-e", READER, json.dumps([(str(path), env) for path, env in asked])],
        cwd=INTEROP_TREE,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return [Verdict(answer["error"], answer["warning"]) for answer in answers]


# Captured lists that wrangler reports; it treats others as a variable's value, or as the
# environment `kv_namespaces`.
CAPTURED_AND_TOLD = {
    *("under-dev", "under-site", "under-another-array", "misplaced-in-an-environment"),
    *(
        name
        for name in CASES
        if name.startswith("misspelled-")
        and name.endswith(("-site", "-build", "-dev", "_buckets]"))
    ),
}
# wrangler warns that an environment has no list although the top level's is empty, or although its
# list is in a comment, has another name or is elsewhere, and where a comment for KV Lens turns its
# own warning off.
LACKS_NOTHING = {
    "misnamed-in-an-environment",
    "misplaced-in-an-environment",
    "empty-list-at-the-top",
    "environment-with-a-list-in-a-comment",
    "environment-with-the-binding-in-a-comment",
    "header-after-an-environment",
}
# Mistakes that wrangler doesn't report. Everything else must agree.
STRICTER = {"empty-binding", "name-of-mail-sender"}

TEXTS: dict[str, str] = {
    **{name: marked(text)[0] for name, (_, text) in CASES.items()},
    **CLEAN,
    **{
        f"placeholder-{index}": f'[[kv_namespaces]]\nbinding = "A"\nid = "{value}"\n'
        for index, value in enumerate(PLACEHOLDERS)
    },
    "all-right-in-two-environments": f'[[env.a.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'[env.b]\nkv_namespaces = [{{ binding = "A", id = "{ID}" }}]\n',
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Verdict]]:
    """Validate all texts with one run of wrangler, for the top level and each environment."""
    asked: list[tuple[Path, str | None]] = []
    names: list[str] = []
    for name, text in TEXTS.items():
        suffix = "jsonc" if text.startswith(("{", "//")) else "toml"
        path = tmp_path_factory.mktemp("config") / f"wrangler.{suffix}"
        path.write_bytes(text.encode())
        for environment in load_text(text, str(path)).environments:
            asked.append((path, environment.name))
            names.append(name)
    found: dict[str, list[Verdict]] = {name: [] for name in TEXTS}
    for name, verdict in zip(names, wrangler_says(asked), strict=True):
        found[name].append(verdict)
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_an_error_is_what_wrangler_refuses(name: str, verdicts: dict[str, list[Verdict]]) -> None:
    suffix = "jsonc" if TEXTS[name].startswith(("{", "//")) else "toml"
    problems = check(load_text(TEXTS[name], f"wrangler.{suffix}"))
    ours = [  # a template isn't valid either, but is meant so
        problem.message
        for problem in problems
        if problem.severity == "error" or problem.code == "config-template"
    ]
    theirs = [verdict.error for verdict in verdicts[name] if verdict.error]
    if name in STRICTER:
        assert ours
        assert not theirs
    else:
        assert bool(ours) == bool(theirs), (ours, theirs)


@pytest.mark.parametrize("name", TEXTS)
def test_unknown_fields_are_the_ones_wrangler_warns_of(
    name: str, verdicts: dict[str, list[Verdict]]
) -> None:
    code = CASES.get(name, ("",))[0]
    unknown = code in ("unknown-field", "kv-misnamed") or name in CAPTURED_AND_TOLD
    assert ("Unexpected fields found in" in _said(verdicts[name])) == unknown


@pytest.mark.parametrize("name", TEXTS)
def test_missing_bindings_and_unsafe_ones_are_the_ones_wrangler_warns_of(
    name: str, verdicts: dict[str, list[Verdict]]
) -> None:
    code, said = CASES.get(name, ("",))[0], _said(verdicts[name])
    lacks = '"kv_namespaces" exists at the top level' in said or "a kv_namespaces binding" in said
    assert lacks == (code == "environment-lacks-binding" or name in LACKS_NOTHING)
    assert ("is directly supported by wrangler" in said) == (code == "unsafe-kv")


def _said(found: list[Verdict]) -> str:
    return " ".join(f"{verdict.warning} {verdict.error}" for verdict in found)


TEMPLATES = INTEROP_TREE / "node_modules" / "create-cloudflare" / "templates"


def test_the_templates_of_create_cloudflare_have_no_problem() -> None:
    paths = find_configs(TEMPLATES)
    assert len(paths) >= 40
    found = {
        str(path.relative_to(TEMPLATES)): problems
        for path in paths
        if (problems := check(load_text(read_config(path), str(path))))
    }
    assert found == {}


# What users of create-cloudflare add to a template: the binding that wrangler's command prints.
PRINTED = f'"kv_namespaces": [\n    {{\n      "binding": "CACHE",\n      "id": "{ID}"\n    }}\n  ]'


def test_a_namespace_added_to_each_template_is_read() -> None:
    for path in find_configs(TEMPLATES):
        text = read_config(path)
        at = text.index("{") + 1
        config = load_text(f"{text[:at]}\n  {PRINTED},{text[at:]}", str(path))
        assert [problem.message for problem in check(config)] == []
        assert [(n.binding, n.id) for n in config.namespaces()] == [("CACHE", ID)]

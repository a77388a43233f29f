"""Which files are configs: by their names, and as other files name them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from kvlens.config.find import default_configs, find_configs, is_config, owning_config, winners

CONFIG = '[[kv_namespaces]]\nbinding = "A"\n'


def scripts(**named: str) -> str:
    """Return a package.json with these scripts."""
    return json.dumps({"scripts": named})


def workflow(*lines: str) -> str:
    """Return a workflow of GitHub with these lines in a step."""
    return "jobs:\n  a:\n    steps:\n" + "".join(f"      {line}\n" for line in lines)


NAMES = {
    # name: whether it is a config by itself
    "wrangler.toml": True,
    "wrangler.json": True,
    "wrangler.jsonc": True,
    "wrangler.staging.jsonc": True,
    "wrangler.local.toml": True,
    "wrangler.worker.json": True,
    "cloudflare.config.ts": True,
    "cloudflare.config.mjs": True,
    "cloudflare.config.json": False,
    "my.cloudflare.config.ts": False,
    "wrangler.api.prod.toml": True,
    "wrangler-worker.toml": True,
    "wrangler_old_site.toml": False,
    "wrangler-types.json": False,
    "wrangler.toml.example": False,
    "wrangler.example.toml": False,
    "wrangler.template.jsonc": False,
    "wrangler.sample.json": False,
    "wrangler.schema.json": False,
    "wrangler.log": False,
    "mywrangler.toml": False,
    "wranglers.toml": False,
    "package.json": False,
}


@pytest.mark.parametrize("name", NAMES)
def test_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(CONFIG, "utf-8")
    assert is_config(tmp_path / name) is NAMES[name]
    assert find_configs(tmp_path) == ([tmp_path / name] if NAMES[name] else [])


NAMED = {
    # id: (the file that names configs, its text, the configs below the project's folder)
    "short option": ("package.json", scripts(dev="wrangler dev -c a/x.toml"), ["a/x.toml"]),
    "long option": ("package.json", scripts(d="npx wrangler dev --config=x.json"), ["x.json"]),
    "several": (
        "package.json",
        scripts(d="wrangler dev -c x.json -c 'a/x.toml'"),
        ["x.json", "a/x.toml"],
    ),
    "with a version": ("package.json", scripts(d="bunx wrangler@4 dev -c x.json"), ["x.json"]),
    "after cd": ("package.json", scripts(d="cd a && wrangler dev -c x.toml"), ["a/x.toml"]),
    "with --cwd": ("package.json", scripts(d="wrangler --cwd a dev -c x.toml"), ["a/x.toml"]),
    "in quotes": (
        "package.json",
        scripts(d='concurrently "wrangler dev -c x.json" "vite -c y.json"'),
        ["x.json"],
    ),
    "of another command": ("package.json", scripts(d="wrangler types && jest -c x.json"), []),
    "of a tool's name": ("package.json", scripts(d="my-wrangler dev -c x.json"), []),
    "not in scripts": ("package.json", json.dumps({"x": "wrangler dev -c x.json"}), []),
    "a variable": ("package.json", scripts(d="wrangler dev -c $DIR/x.json"), []),
    "not there": ("package.json", scripts(d="wrangler dev -c none.toml"), []),
    "not a config's format": ("package.json", scripts(d="wrangler dev -c x.yaml"), []),
    "outside": ("package.json", scripts(d="wrangler dev -c ../outside.toml"), []),
    "through a link": ("package.json", scripts(d="wrangler dev -c link/outside.toml"), []),
    "generated": ("package.json", scripts(d="wrangler deploy -c dist/x.json"), []),
    "malformed": ("package.json", '{"scripts": {"d": "wrangler dev -c x.json"}', []),
    "of the Vite plugin": (
        "vite.config.ts",
        "export default { plugins: [cloudflare({ configPath: './x.json', auxiliaryWorkers: "
        "[{ configPath: `a/x.toml` }] })] }",
        ["x.json", "a/x.toml"],
    ),
    "in a comment of Vite": ("vite.config.ts", "// configPath: './x.json'", []),
    "an expression in Vite": ("vite.config.ts", "({ configPath: `${dir}/x.json` })", []),
    "in a workflow": (
        ".github/workflows/deploy.yml",
        workflow("- run: npx wrangler deploy --config x.json"),
        ["x.json"],
    ),
    "in lines of a workflow": (
        ".github/workflows/deploy.yml",
        workflow("- run: |", "    npm ci", "    npx wrangler deploy -c x.toml"),
        [],
    ),
    "in a folder of a workflow": (
        ".github/workflows/deploy.yml",
        workflow("- working-directory: a", "  run: |", "    npx wrangler deploy -c x.toml"),
        ["a/x.toml"],
    ),
    "of the action": (
        ".github/workflows/deploy.yml",
        workflow("- uses: cloudflare/wrangler-action@v3", "  command: deploy -c x.json"),
        ["x.json"],
    ),
    "another command of a workflow": (
        ".github/workflows/deploy.yml",
        workflow("- run: npx wrangler types", "- run: npx jest --config x.json"),
        [],
    ),
    "of a command on several lines": (
        ".github/workflows/deploy.yml",
        "      - run: |\n          npx wrangler deploy \\\n            --env x \\\r\n            -c x.json\n",
        ["x.json"],
    ),
    "of GitLab": (".gitlab-ci.yml", "deploy:\n  script: wrangler deploy -c x.json\n", ["x.json"]),
    "of another file": ("other.yml", "deploy:\n  script: wrangler deploy -c x.json\n", []),
}


@pytest.mark.parametrize("case", NAMED)
def test_named_by_other_files(tmp_path: Path, case: str) -> None:
    naming, text, wanted = NAMED[case]
    project = tmp_path / "project"
    for place in ("x.json", "y.json", "x.yaml", "a/x.toml", "dist/x.json", "../outside.toml"):
        (project / place).parent.mkdir(parents=True, exist_ok=True)
        (project / place).write_text(CONFIG, "utf-8")
    (project / ".git").mkdir()
    if hasattr(os, "symlink") and os.name != "nt":
        (project / "link").symlink_to(tmp_path)
    (project / naming).parent.mkdir(parents=True, exist_ok=True)
    (project / naming).write_text(text, "utf-8")
    assert find_configs(project) == [project / name for name in wanted]
    everything = ("x.json", "y.json", "a/x.toml", "dist/x.json")
    assert [name for name in everything if is_config(project / name)] == sorted(
        wanted, key=everything.index
    )


def test_a_pipe_that_is_named_is_no_config(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        return
    os.mkfifo(tmp_path / "x.json")
    (tmp_path / "package.json").write_text(scripts(d="wrangler dev -c x.json"), "utf-8")
    assert find_configs(tmp_path) == []


WINNERS = {
    # id: (files, those that count, in order)
    "alone": (["wrangler.toml"], ["wrangler.toml"]),
    "json over toml": (["wrangler.json", "wrangler.toml"], ["wrangler.json"]),
    "others stay": (
        ["wrangler.api.toml", "wrangler.jsonc", "wrangler.toml", "wrangler.web.toml"],
        ["wrangler.jsonc", "wrangler.api.toml", "wrangler.web.toml"],
    ),
    "by folder": (["a/wrangler.toml", "wrangler.json"], ["a/wrangler.toml", "wrangler.json"]),
}


@pytest.mark.parametrize("case", WINNERS)
def test_winners(case: str) -> None:
    files, wanted = WINNERS[case]
    assert winners(map(Path, files)) == [*map(Path, wanted)]


DEFAULTS = {
    # id: (files, the default configs of the folder a/b)
    "wrangler's own": (["wrangler.toml", "a/b/wrangler.staging.toml"], ["wrangler.toml"]),
    "the only one": (["a/wrangler.staging.toml"], ["a/wrangler.staging.toml"]),
    "the nearest": (["wrangler.x.toml", "a/b/wrangler.y.toml"], ["a/b/wrangler.y.toml"]),
    "several": (
        ["a/wrangler.x.toml", "a/wrangler.y.toml"],
        ["a/wrangler.x.toml", "a/wrangler.y.toml"],
    ),
    "templates only": (["a/wrangler.example.toml"], []),
    "code below": (["wrangler.toml", "a/cloudflare.config.ts"], ["a/cloudflare.config.ts"]),
    "code above": (["cloudflare.config.ts", "a/wrangler.toml"], ["a/wrangler.toml"]),
    "code beside": (["a/cloudflare.config.ts", "a/wrangler.toml"], ["a/wrangler.toml"]),
    "code here": (["wrangler.jsonc", "a/b/cloudflare.config.mjs"], ["a/b/cloudflare.config.mjs"]),
    "code beside another name": (
        ["a/cloudflare.config.ts", "a/wrangler.staging.toml"],
        ["a/cloudflare.config.ts"],
    ),
    "code between wrangler's": (
        ["wrangler.json", "a/cloudflare.config.ts", "a/b/wrangler.toml"],
        ["wrangler.json"],
    ),
}


@pytest.mark.parametrize("case", DEFAULTS)
def test_default_configs(tmp_path: Path, case: str) -> None:
    files, wanted = DEFAULTS[case]
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in files:
        (tmp_path / name).write_text(CONFIG, "utf-8")
    found = [path for path in default_configs(tmp_path / "a" / "b") if tmp_path in path.parents]
    assert found == [(tmp_path / name).resolve() for name in wanted]


def test_sources_belong_to_a_config_with_another_name(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "worker.toml").write_text(CONFIG, "utf-8")
    assert owning_config(tmp_path / "src") != tmp_path / "worker.toml"
    (tmp_path / "package.json").write_text(scripts(d="wrangler dev -c worker.toml"), "utf-8")
    assert owning_config(tmp_path / "src") == tmp_path / "worker.toml"


LONG = {
    # id: a file that names configs, of about 1 MB
    "commands": ("package.json", scripts(d="wrangler dev -c x.json && " * 35_000)),
    "options": ("package.json", scripts(d="wrangler dev " + "-c y.toml " * 90_000)),
    "quotes": ("package.json", scripts(d='wrangler "' + "' " * 400_000)),
    "comments": ("vite.config.ts", "/* configPath: 'x' " * 50_000),
    "strings": ("vite.config.ts", "configPath: '" * 70_000),
    "steps": (".gitlab-ci.yml", "  script: wrangler deploy -c a.json\n" * 25_000),
    "folders": (".gitlab-ci.yml", "wrangler\nworking-directory: a\n" * 30_000),
}


@pytest.mark.parametrize("case", LONG)
def test_long_files_are_read(tmp_path: Path, case: str) -> None:
    name, text = LONG[case]
    (tmp_path / name).write_text(text, "utf-8")
    assert find_configs(tmp_path) == []

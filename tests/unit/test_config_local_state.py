"""Where local keys are, by the kind of project."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from kvlens.cli import main
from kvlens.config.local_state import local_state, state_folders
from kvlens.workspace.project import Project

CONFIG = '[[kv_namespaces]]\nbinding = "A"\n'
WRANGLER, CLOUDFLARE = ".wrangler/state", ".cloudflare/state"
PLUGIN = 'import { cloudflare } from "@cloudflare/vite-plugin";\n'


def scripts(*lines: str, **more: object) -> str:
    """Return a package.json with these scripts."""
    return json.dumps({"scripts": dict(enumerate(lines)), **more})


def vite(options: str = "", before: str = PLUGIN) -> str:
    """Return a Vite config with these options of the plugin."""
    return f"{before}export default {{ plugins: [cloudflare({options})] }};\n"


def plugin(version: str) -> dict[str, str]:
    """Return the files of an installed plugin."""
    about = json.dumps({"version": version})
    return {"node_modules/@cloudflare/vite-plugin/package.json": about}


CASES: dict[str, tuple[dict[str, str], str]] = {
    # id: (files in the repository, the folder of app/wrangler.toml)
    "nothing": ({}, f"app/{WRANGLER}"),
    "wrangler dev": ({"app/package.json": scripts("wrangler dev")}, f"app/{WRANGLER}"),
    "--persist-to": (
        {"app/package.json": scripts("wrangler dev --persist-to ../state")},
        "state",
    ),
    "in all scripts": (
        {"app/package.json": scripts("wrangler dev --persist-to=s", "wrangler dev --persist-to s")},
        "app/s",
    ),
    "in some scripts": (
        {"app/package.json": scripts("wrangler dev --persist-to s", "wrangler dev")},
        f"app/{WRANGLER}",
    ),
    "of deploy": ({"app/package.json": scripts("wrangler d1 --persist-to s")}, f"app/{WRANGLER}"),
    "from above": ({"package.json": scripts("cd app && wrangler dev --persist-to s")}, "app/s"),
    "from above, by name": (
        {"package.json": scripts("wrangler dev -c app/wrangler.toml --persist-to s")},
        "s",
    ),
    "of another config": (
        {"app/package.json": scripts("wrangler dev -c wrangler.x.toml --persist-to s")},
        f"app/{WRANGLER}",
    ),
    "of another folder": (
        {"package.json": scripts("wrangler dev --persist-to s")},
        f"app/{WRANGLER}",
    ),
    "the nearest package.json": (
        {
            "package.json": scripts("cd app && wrangler dev --persist-to s"),
            "app/package.json": scripts("vitest"),
        },
        f"app/{WRANGLER}",
    ),
    "outside": (
        {"app/package.json": scripts("wrangler dev --persist-to ../../s")},
        f"app/{WRANGLER}",
    ),
    "absolute": (
        {"app/package.json": scripts("wrangler dev --persist-to /tmp/s")},
        f"app/{WRANGLER}",
    ),
    "a variable": (
        {"app/package.json": scripts("wrangler dev --persist-to $S")},
        f"app/{WRANGLER}",
    ),
    "plugin 1": ({"app/vite.config.ts": vite()} | plugin("1.17.0"), f"app/{WRANGLER}"),
    "plugin 2": ({"app/vite.config.ts": vite()} | plugin("2.0.0-beta.3"), f"app/{CLOUDFLARE}"),
    "plugin 2, required": (
        {
            "app/vite.config.ts": vite(),
            "app/package.json": scripts(devDependencies={"@cloudflare/vite-plugin": "^2.0.0"}),
        },
        f"app/{CLOUDFLARE}",
    ),
    "plugin 2, not used": (
        {"app/vite.config.ts": vite(before="// @cloudflare/vite-plugin\n")} | plugin("2.0.0"),
        f"app/{WRANGLER}",
    ),
    "plugin 2 of another config": (
        {"app/vite.config.ts": vite("{ configPath: './x.toml' }"), "app/x.toml": CONFIG}
        | plugin("2.0.0"),
        f"app/{WRANGLER}",
    ),
    "plugin 2 and wrangler dev": (
        {"app/vite.config.ts": vite(), "app/package.json": scripts("wrangler dev")}
        | plugin("2.0.0"),
        f"app/{WRANGLER}",
    ),
    "persistState": (
        {"app/vite.config.ts": vite("{ persistState: { path: '../s' } }")} | plugin("1.0.0"),
        "s",
    ),
    "persistState is true": (
        {"app/vite.config.ts": vite("{ persistState: true }")} | plugin("2.0.0"),
        f"app/{CLOUDFLARE}",
    ),
    "persistState is false": (
        {"app/vite.config.ts": vite("{ persistState: false }")} | plugin("2.0.0"),
        f"app/{WRANGLER}",
    ),
    "persistState is computed": (
        {"app/vite.config.ts": vite("{ persistState: { path: here() } }")} | plugin("2.0.0"),
        f"app/{WRANGLER}",
    ),
    "persistState outside": (
        {"app/vite.config.ts": vite("{ persistState: { path: '../../s' } }")},
        f"app/{WRANGLER}",
    ),
}


def write(folder: Path, content: dict[str, str]) -> Path:
    """Make a repository with these files; return its config."""
    (folder / ".git").mkdir(parents=True)
    for name, text in ({"app/wrangler.toml": CONFIG} | content).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder / "app" / "wrangler.toml"


@pytest.mark.parametrize("case", CASES)
def test_folders(tmp_path: Path, case: str) -> None:
    content, wanted = CASES[case]
    config = write(tmp_path / "repository", content)
    assert local_state(config) == tmp_path / "repository" / wanted
    store = Project(config).store
    is_default = wanted == f"app/{WRANGLER}"
    assert store == ("wrangler:" if is_default else f"wrangler:{tmp_path / 'repository' / wanted}")
    assert Project(config, store="memory:").store == "memory:"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("target", ["outside", "repository/src"])
def test_a_link_is_not_used(tmp_path: Path, target: str) -> None:
    config = write(
        tmp_path / "repository", {"app/package.json": scripts("wrangler dev --persist-to s/state")}
    )
    (tmp_path / target).mkdir()
    (config.parent / "s").symlink_to(tmp_path / target)
    assert local_state(config) == config.parent / WRANGLER
    (tmp_path / target / "state" / "v3" / "kv").mkdir(parents=True)
    assert state_folders(config) == []


def test_a_changed_script_is_followed(tmp_path: Path) -> None:
    config = write(tmp_path, {})
    project = Project(config)
    (config.parent / "package.json").write_text(scripts("wrangler dev --persist-to s"), "utf-8")
    project.reload()
    assert project.store == f"wrangler:{config.parent / 's'}"


def test_keys_in_another_folder_are_named_and_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write(tmp_path, {})
    monkeypatch.chdir(config.parent)
    assert main(["key", "put", "k", "v", "--binding", "A"]) == 0
    assert main(["namespace", "list"]) == 0
    assert "note:" not in capsys.readouterr().err
    (config.parent / "vite.config.ts").write_text(vite(), "utf-8")
    for name, text in plugin("2.0.0").items():
        (config.parent / name).parent.mkdir(parents=True)
        (config.parent / name).write_text(text, "utf-8")
    assert main(["key", "get", "k", "--binding", "A"]) == 1
    capsys.readouterr()
    assert main(["namespace", "list"]) == 0
    said = capsys.readouterr().err
    assert said.startswith("note: A also has 1 key in .wrangler")
    words = said.strip().partition("across: kvlens ")[2].split()
    assert main(words) == 0
    capsys.readouterr()
    assert main(["key", "get", "k", "--binding", "A"]) == 0
    assert capsys.readouterr().out.strip() == "v"
    assert main(["namespace", "list"]) == 0
    assert "note:" not in capsys.readouterr().err


# id: how to change the key in the folder in use, and whether the other folder is named then
CHANGES: dict[str, tuple[list[str], bool]] = {
    "same": (["key", "put", "k", "v", "--metadata", '{"a":1}'], False),
    "value": (["key", "put", "k", "w", "--metadata", '{"a":1}'], True),
    "metadata": (["key", "put", "k", "v"], True),
    "expiration": (["key", "put", "k", "v", "--metadata", '{"a":1}', "--ttl", "600"], True),
    "another": (["key", "put", "other", "v"], True),
}


@pytest.mark.parametrize("case", CHANGES)
def test_keys_of_the_user_are_named_unless_the_project_has_them(
    case: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change, is_named = CHANGES[case]
    config = write(tmp_path, {})
    home = tmp_path / "home"
    monkeypatch.chdir(config.parent)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    state = home / "cloudflare" / "state"
    put = ["key", "put", "k", "v", "--metadata", '{"a":1}', "--binding", "A"]
    assert main([*put, "--persist-to", str(state)]) == 0
    assert main([*change, "--binding", "A"]) == 0
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    capsys.readouterr()
    assert main(["namespace", "list"]) == 0
    said = capsys.readouterr().err
    assert said.startswith(f"note: A also has 1 key in {state}") == is_named
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


# id: the system, its environment, the folder of `cf`
USERS: dict[str, tuple[str, dict[str, str], str]] = {
    "linux": ("linux", {}, "~/.config/cloudflare/state"),
    "macos": ("darwin", {}, "~/Library/Preferences/cloudflare/state"),
    "windows": ("win32", {"APPDATA": "~/roaming"}, "~/roaming/xdg.config/cloudflare/state"),
    "named": ("linux", {"XDG_CONFIG_HOME": "~/x"}, "~/x/cloudflare/state"),
    "not-absolute": ("linux", {"XDG_CONFIG_HOME": "x"}, "~/.config/cloudflare/state"),
    "no-home": ("win32", {}, ""),
}


@pytest.mark.parametrize("case", USERS)
def test_the_folder_of_the_user(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system, variables, wanted = USERS[case]
    home = str(tmp_path / "home")
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "~", "USERPROFILE": "~", **variables}.items():
        monkeypatch.setenv(name, value.replace("~", home))
    folders = [Path(home, end, "cloudflare", "state") for end in (".config", "Library/Preferences",
               "roaming/xdg.config", "x")]  # fmt: skip
    for folder in folders:
        (folder / "v3" / "kv").mkdir(parents=True)
    monkeypatch.setattr(sys, "platform", system)
    found = state_folders(write(tmp_path, {}))
    assert found == ([Path(wanted.replace("~", home))] if wanted else [])

"""`.wrangler/deploy/config.json`: which config wrangler uses instead of one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from kvlens.config.project_context import read_context
from kvlens.config.reader import load_text
from kvlens.lint.check_config import check

CONFIG = 'name = "x"\nkv_namespaces = [{ binding = "A", id = "1" }]\n'
STAGED = CONFIG + '[env.s]\nkv_namespaces = [{ binding = "A", id = "2" }]\n'


def generated(*pairs: tuple[str, str]) -> str:
    """Return a generated config with these bindings and ids."""
    return json.dumps({"kv_namespaces": [{"binding": name, "id": id_} for name, id_ in pairs]})


CASES: dict[str, tuple[dict[str, str], str, str | None]] = {
    # id: (other files, the config, what is said)
    "none": ({}, CONFIG, None),
    "the same": ({"dist/wrangler.json": generated(("A", "1"))}, CONFIG, None),
    "of an environment": ({"dist/wrangler.json": generated(("A", "2"))}, STAGED, None),
    "another id": ({"dist/wrangler.json": generated(("A", "3"))}, STAGED, "Build again"),
    "another binding": ({"dist/wrangler.json": generated(("A", "1"), ("B", "2"))}, CONFIG, "other"),
    "missing": ({".wrangler/deploy/config.json": "dist/wrangler.json"}, CONFIG, "can't be read"),
    "outside": ({"../out/wrangler.json": generated(("B", "1"))}, CONFIG, "outside"),
    "malformed": ({".wrangler/deploy/config.json": "{"}, CONFIG, None),
}
if os.name != "nt":  # where links need a privilege
    CASES["a link out"] = ({"link/wrangler.json": generated(("B", "1"))}, CONFIG, "outside")


@pytest.mark.parametrize("case", CASES)
def test_redirects(tmp_path: Path, case: str) -> None:
    files, config, said = CASES[case]
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    if os.name != "nt":
        (project / "link").symlink_to(tmp_path / "elsewhere")
    redirect = project / ".wrangler" / "deploy" / "config.json"
    redirect.parent.mkdir(parents=True)
    for name, content in files.items():
        target = content if name.startswith(".wrangler") else name
        if target == name:
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(content, "utf-8")
        place = {"configPath": f"../../{target}"}
        redirect.write_text(content if content == "{" else json.dumps(place), "utf-8")
    path = project / "wrangler.toml"
    path.write_text(config, "utf-8")
    found = [
        problem.message
        for problem in check(load_text(config, str(path)), read_context(path))
        if problem.code == "config-redirected"
    ]
    assert (said is not None and len(found) == 1 and said in found[0]) or found == []
    assert bool(found) is (said is not None)


def test_a_named_config_is_not_redirected(tmp_path: Path) -> None:
    (tmp_path / ".wrangler" / "deploy").mkdir(parents=True)
    (tmp_path / ".wrangler/deploy/config.json").write_text('{"configPath": "x.json"}', "utf-8")
    for name, redirected in (("wrangler.toml", True), ("wrangler.staging.toml", False)):
        (tmp_path / name).write_text(CONFIG, "utf-8")
        assert (read_context(tmp_path / name).redirect is not None) is redirected


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes in folders")
def test_a_pipe_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".wrangler" / "deploy").mkdir(parents=True)
    (tmp_path / ".wrangler/deploy/config.json").write_text(
        '{"configPath": "../../x.json"}', "utf-8"
    )
    (tmp_path / "wrangler.toml").write_text(CONFIG, "utf-8")
    os.mkfifo(tmp_path / "x.json")
    found = read_context(tmp_path / "wrangler.toml").redirect
    assert found
    assert found.namespaces is None

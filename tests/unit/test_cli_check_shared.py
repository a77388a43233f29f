"""`kvlens check` by several processes finds what one process finds, and keeps the same answer."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from kvlens.cli import main
from kvlens.cli.check_run import Run
from kvlens.lint.severities import Severities
from kvlens.lookups import Lookups

from tests.bench.monorepo import make_monorepo

PROCESSES = (2, 4) if hasattr(os, "fork") else (1,)
ID = "0f2ac74b498b48028cb68387c421e279"


def config(name: str, place: str = "") -> str:
    """Return a config with a namespace that has a real id."""
    return (
        f'name = "{name}"\nmain = "src/index.ts"\n'
        f'[[{place}kv_namespaces]]\nbinding = "CARTS"\nid = "{ID}"\n'
    )


def worker(ttl: int, imported: str = "") -> str:
    """Return a Worker with a mistake."""
    return (
        f"{imported}export default {{\n  async fetch(request: Request, env: Env) {{\n"
        f'    await env.CARTS.put("k", "v", {{ expirationTtl: {ttl} }});\n  }},\n}};\n'
    )


SHARED = (
    "export const save = (env: { CARTS: KVNamespace }) =>\n"
    '  env.CARTS.put("", "v", { expirationTtl: 7 });\n'
)
USES = 'import { save } from "../../../shared/save";\n'

PROJECTS: dict[str, dict[str, str]] = {
    "one-config": {"wrangler.toml": config("a"), "src/index.ts": worker(5)},
    "no-config": {"src/index.ts": worker(5), "src/more.ts": worker(6)},
    "nothing": {"readme.md": ""},
    "copies": {
        "api/wrangler.toml": config("api"),
        "api/src/index.ts": worker(5),
        "backup/api/wrangler.toml": config("api"),
        "backup/api/src/index.ts": worker(5) + worker(6),
        "old/api/wrangler.toml": config("api"),
        "old/api/src/index.ts": worker(5),
    },
    "repeats": {
        **{f"w{n}/wrangler.toml": config(f"w{n}", place="env.prod.") for n in range(4)},
        **{f"w{n}/src/index.ts": worker(60) for n in range(4)},
        **{f"w{n}/src/more.ts": worker(60) for n in range(4)},
    },
    "shared-source-of-no-project": {
        "package.json": '{"workspaces": ["workers/*", "shared"]}',
        "shared/save.ts": SHARED,
        **{f"workers/w{n}/wrangler.toml": config(f"w{n}") for n in range(6)},
        **{f"workers/w{n}/src/index.ts": worker(5, USES) for n in range(6)},
        **{f"workers/w5/src/part{n}.ts": worker(n) for n in range(9)},
    },
    "project-files": {
        "kvlens.toml": 'exclude = ["gone/**"]\n[rules]\nno-such-rule = "off"\n',
        "shared/save.ts": SHARED,
        "shared/kvlens.toml": '[rules]\nneither = "off"\n',
        **{f"workers/w{n}/wrangler.toml": config(f"w{n}") for n in range(4)},
        **{f"workers/w{n}/src/index.ts": worker(5, USES) for n in range(4)},
        **{f"workers/w{n}/kvlens.toml": f'[rules]\nr{n} = "off"\n' for n in range(4)},
    },
    "unreadable": {
        "a/wrangler.toml": "[[kv_namespaces",
        "a/src/index.ts": worker(5),
        "b/wrangler.jsonc": '{"kv_namespaces": [{"binding": "my-kv"}],}',
        "b/seeds/CARTS.json": '[{"key": "a"}]',
        "c/wrangler.toml": config("c"),
        "c/seeds/CARTS.json": '[{"key": "a", "value": "1"}, {"key": "a"}]',
        "c/src/index.ts": "\0",
    },
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return folder


def kept(seen: Lookups, began: int) -> object:
    """Return what the cache keeps of it, in one order."""
    record = seen.record(began)
    return record and {
        **record,
        "kinds": {kind: {*paths} for kind, paths in record["kinds"].items()},
    }


def checked(paths: list[Path], processes: int) -> tuple[list[object], Lookups]:
    """Return what is found in each file, and what was looked at."""
    run = Run(paths, Severities(), processes=processes)
    found = [(str(file.path), file.text, file.problems) for file in run.check()]
    return [*found], run.seen


@pytest.mark.parametrize("processes", PROCESSES)
@pytest.mark.parametrize("files", PROJECTS.values(), ids=PROJECTS)
def test_several_processes_find_what_one_finds(
    files: dict[str, str], processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(written(tmp_path, files))
    named = [Path(name) for name in sorted(files) if name.endswith((".ts", "wrangler.toml"))]
    for paths in ([Path()], [tmp_path], named):
        checked(paths, 1)  # what is kept in memory for long is there afterwards
        began = time.time_ns()
        alone, seen_alone = checked(paths, 1)
        shared, seen = checked(paths, processes)
        assert shared == alone
        assert kept(seen, began) == kept(seen_alone, began)


def test_a_large_repository_is_checked_kept_and_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "repository"
    make_monorepo(folder, 30)  # enough for several processes
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KVLENS_CACHE_DIR", str(tmp_path / "cache"))

    def output(*words: str) -> str:
        main(["check", *words])
        return capsys.readouterr().out

    alone, _ = checked([Path()], 1)
    first = output()
    assert checked([Path()], 0)[0] == alone
    assert len(list((tmp_path / "cache").glob("*.json"))) == 1
    assert output() == first == output("--no-cache")
    cache = folder / "group-0" / "worker-3" / "src" / "cache.ts"
    cache.write_text(cache.read_text("utf-8").replace("300 }", "5 }"), "utf-8")
    changed = output()
    assert changed == output("--no-cache")
    assert "worker-3" in changed
    assert "worker-3" not in first
    output("--fix")
    assert output() == output("--no-cache") == output()

"""The types that the real `wrangler types` writes: silent when they are new, reported when old."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from kvlens.cli import main

from tests.interop.runtimes import HERE, node

WORKER = "export default { async fetch(request, env) { return new Response(); } };\n"


def config(*top: str, staging: tuple[str, ...] = ()) -> str:
    """Return a config with these bindings at the top level and in an environment."""
    lists = [
        f'[[{path}kv_namespaces]]\nbinding = "{name}"\n'
        for path, names in (("", top), ("env.staging.", staging))
        for name in names
    ]
    start = 'name = "x"\nmain = "src/index.ts"\ncompatibility_date = "2026-04-01"\n'
    return start + "".join(lists) + ("" if staging else "[env.staging]\n")


def run(folder: Path, *arguments: str) -> None:
    """Run wrangler in a folder."""
    done = subprocess.run(
        [node(), str(HERE / "node_modules/wrangler/bin/wrangler.js"), *arguments],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "WRANGLER_SEND_METRICS": "false", "CI": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# id: (options of `wrangler types`, config then, config now, what is reported: rule and binding)
CASES: dict[str, tuple[list[str], str, str, list[tuple[str, str]]]] = {
    "all-with-the-runtime": (
        [],
        config("CARTS", "OLD", staging=("CARTS",)),
        config("CARTS", "NEW", staging=("CARTS", "OTHER")),
        [("types-outdated", "NEW"), ("types-outdated", "OTHER")],
    ),
    "no-environments": (
        ["--include-runtime=false"],
        config("CARTS"),
        config("CARTS", "NEW"),
        [("types-outdated", "NEW")],
    ),
    "one-environment": (
        ["--env=staging", "--include-runtime=false"],
        config("CARTS", staging=("STAGED",)),
        config("CARTS", "NEW", staging=("STAGED", "NEWER")),
        [("types-outdated", "NEWER")],
    ),
    "another-interface": (
        ["--env-interface=Things", "--include-runtime=false"],
        config("CARTS", "OLD"),
        config("CARTS"),
        [("env-member-undeclared", "OLD")],
    ),
    "another-file": (
        ["--include-runtime=false", "src/bindings.d.ts"],
        config("CARTS"),
        config("SESSIONS"),
        [("types-outdated", "SESSIONS")],
    ),
    "a-named-config": (
        ["--config=wrangler.toml", "--include-runtime=false"],
        config("CARTS"),
        config("CARTS", "NEW"),
        [("types-outdated", "NEW")],
    ),
}


@pytest.mark.parametrize(("options", "then", "now", "expected"), CASES.values(), ids=CASES)
def test_types_are_as_new_as_the_config(
    options: list[str],
    then: str,
    now: str,
    expected: list[tuple[str, str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def problems() -> list[dict[str, str]]:
        select = "env-member-undeclared,env-member-missing,env-member-type,types-outdated"
        main(["check", str(tmp_path), "--output-format", "json", "--select", select])
        found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
        return sorted(found, key=lambda problem: (problem["code"], problem["message"]))

    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "index.ts").write_text(WORKER, "utf-8")
    (tmp_path / "wrangler.toml").write_text(then, "utf-8")
    run(tmp_path, "types", *options)
    assert problems() == []

    (tmp_path / "wrangler.toml").write_text(now, "utf-8")
    found = problems()
    quoted = [re.findall(r'"(\w+)"', problem["message"])[0] for problem in found]
    assert list(zip([problem["code"] for problem in found], quoted, strict=True)) == expected
    (command,) = {re.findall(r"`wrangler (.*)`", problem["message"])[0] for problem in found}
    run(tmp_path, *command.split())
    assert problems() == []

"""Copies of a Worker in one check: a problem is reported once, wherever the original has it too."""

from __future__ import annotations

from pathlib import Path

import pytest
from kvlens.cli import main
from kvlens.cli.check_run import Run
from kvlens.lint.severities import Severities

ID = "0f2ac74b498b48028cb68387c421e279"
OTHER = "06779da6940b431db6e566b4846d64db"


def config(name: str = "shop", value: str = ID, main: str = "index.js") -> str:
    """Return a config with one namespace."""
    return (
        f'name = "{name}"\nmain = "{main}"\n[[kv_namespaces]]\nbinding = "CARTS"\nid = "{value}"\n'
    )


def worker(ttl: int = 30) -> str:
    """Return a Worker with a mistake."""
    return (
        "export default {\n  async fetch(request, env) {\n"
        f'    await env.CARTS.put("k", "v", {{ expirationTtl: {ttl} }});\n  }},\n}};\n'
    )


# files, and where problems are reported
CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "backup": (
        {
            "api/wrangler.toml": config(),
            "api/index.js": worker(),
            "backup/2026/api/wrangler.toml": config(),
            "backup/2026/api/index.js": worker(),
        },
        ["api/index.js"],
    ),
    "backup-nearer-to-the-root": (
        {
            "api-old/wrangler.toml": config(),
            "api-old/index.js": worker(),
            "workers/new/api/wrangler.toml": config(),
            "workers/new/api/index.js": worker(),
        },
        ["workers/new/api/index.js"],
    ),
    "copy-with-another-main": (
        {
            "api/wrangler.toml": config(),
            "api/index.js": worker(),
            "release/api/wrangler.toml": config(main="src/index.js"),
            "release/api/src/index.js": worker(),
        },
        ["api/index.js"],
    ),
    "only-the-copy-has-it": (
        {
            "api/wrangler.toml": config(),
            "api/index.js": worker(ttl=3600),
            "backup/api/wrangler.toml": config(),
            "backup/api/index.js": worker(),
        },
        ["backup/api/index.js"],
    ),
    "copy-has-another-one": (
        {
            "api/wrangler.toml": config(),
            "api/index.js": worker(),
            "backup/api/wrangler.toml": config(),
            "backup/api/index.js": worker(ttl=20),
        },
        ["api/index.js", "backup/api/index.js"],
    ),
    "copy-has-it-twice": (
        {
            "api/wrangler.toml": config(),
            "api/index.js": worker(),
            "backup/api/wrangler.toml": config(),
            "backup/api/a.js": worker(),
            "backup/api/b.js": worker() + "// b\n",
        },
        ["api/index.js", "backup/api/b.js"],
    ),
    "another-worker": (
        {
            "api/wrangler.toml": config(),
            "api/index.js": worker(),
            "backup/api/wrangler.toml": config(name="shop-2"),
            "backup/api/index.js": worker(),
        },
        ["api/index.js", "backup/api/index.js"],
    ),
    "another-namespace": (
        {
            "api/wrangler.toml": config(),
            "api/index.js": worker(),
            "backup/api/wrangler.toml": config(value=OTHER),
            "backup/api/index.js": worker(),
        },
        ["api/index.js", "backup/api/index.js"],
    ),
    "two-from-one-template": (
        {
            "a/wrangler.toml": config(value="<YOUR_ID>"),
            "b/wrangler.toml": config(value="<YOUR_ID>"),
        },
        ["a/wrangler.toml", "b/wrangler.toml"],
    ),
    "two-configs-of-one-folder": (
        {
            "wrangler.toml": config() + "remote = 1\n",
            "wrangler.staging.toml": config() + "remote = 1\n",
        },
        ["wrangler.staging.toml", "wrangler.toml"],
    ),
}


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def reported(folder: Path) -> list[str]:
    """Return where problems are reported in a folder."""
    files = Run([folder], Severities()).check()
    return sorted(file.path.relative_to(folder).as_posix() for file in files if file.problems)


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_a_problem_is_reported_once(
    files: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    write(tmp_path, files)
    assert reported(tmp_path) == expected


def test_a_copy_that_is_checked_alone_is_reported(tmp_path: Path) -> None:
    write(tmp_path, CASES["backup"][0])
    assert reported(tmp_path / "backup") == ["2026/api/index.js"]


def test_copies_are_fixed_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mistake = config() + "preview_id = 1\n"
    write(tmp_path, {"api/wrangler.toml": mistake, "backup/wrangler.toml": mistake})
    before = reported(tmp_path)
    main(["check", "--fix", str(tmp_path)])
    assert before == ["api/wrangler.toml"]
    texts = [(tmp_path / name / "wrangler.toml").read_text("utf-8") for name in ("api", "backup")]
    assert texts[0] == texts[1] != mistake
    assert "Fixed 1 problem in 2 files." in capsys.readouterr().err

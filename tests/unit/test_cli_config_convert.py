"""`kvlens config convert`: the file it writes, and what it says if it doesn't."""

from __future__ import annotations

from pathlib import Path

import pytest
from kvlens.cli import main

OUTPUTS: dict[str, tuple[str, str, int, str]] = {
    # --to, --output, the exit code, what is said
    "its name": ("jsonc", "new.jsonc", 0, "Wrote new.jsonc. wrangler.toml is kept."),
    "json": ("jsonc", "new.json", 0, "Wrote new.json."),
    "an unknown name": ("jsonc", "new.txt", 0, "Wrote new.txt."),
    "no suffix": ("ts", "new", 0, "Wrote new."),
    "a module": ("ts", "cloudflare.config.mts", 0, "Wrote cloudflare.config.mts."),
    "TOML": ("jsonc", "new.toml", 2, "new.toml is the name of a file in TOML; name another one"),
    "code": ("jsonc", "new.ts", 2, "or use --to ts"),
    "JSON": ("ts", "new.json", 2, "or use --to jsonc"),
    "there already": ("jsonc", "old.jsonc", 1, "old.jsonc exists and is kept"),
    "no folder": ("jsonc", str(Path("no", "new.jsonc")), 1, "can't be written"),
}


@pytest.mark.parametrize(("to", "output", "code", "said"), OUTPUTS.values(), ids=OUTPUTS)
def test_the_new_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    to: str,
    output: str,
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrangler.toml").write_text('name = "shop"\n', encoding="utf-8")
    (tmp_path / "old.jsonc").write_text("old", encoding="utf-8")
    before = {path.name for path in tmp_path.iterdir()}
    assert main(["config", "convert", "--to", to, "--output", output]) == code
    assert said in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} - before == ({output} if code == 0 else set())
    assert (tmp_path / "old.jsonc").read_text(encoding="utf-8") == "old"


def test_a_missing_config_is_named_by_the_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["config", "convert", "--to", "toml"]) == 1
    assert "name the config with the argument FILE" in capsys.readouterr().err

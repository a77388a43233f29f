"""The words of documents, comments and messages: spelled correctly, without private vocabulary."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import words
from scripts.words import NAMES, PHRASES, Found, files, words_in

ROOT = Path(__file__).parents[2]

TEXTS: dict[str, tuple[str, str, list[str]]] = {
    # path, text: the words found
    "document": ("a.md", "It is made anew.\n\nTo be rid\nof it, wait.\n", ["anew", "rid of"]),
    "document without": ("a.md", "It is restarted. There is no key; it stands for one.\n", []),
    "comment": ("a.py", "x = 1  # the key stands here\n", ["stands"]),
    "comment of two lines": ("a.py", "# what is\n# told to you\nx = 1\n", ["is told"]),
    "docstring": ("a.py", '"""Mend the file."""\n', ["Mend"]),
    "message": ("a.py", 'x = "failed inside"\n', ["failed inside"]),
    "message of two lines": ("a.py", 'x = (\n    "failed "\n    "inside"\n)\n', ["failed inside"]),
    "message with a value": ("a.py", 'x = f"{y} is no number, {y}"\n', ["is no number"]),
    "a name in a value": ("a.py", 'x = f"{mend}"\n', []),
    "no longer": ("a.py", "# it is no longer there, and is no more than that\n", []),
    "function": ("a.py", "def heard() -> None: ...\n", ["heard"]),
    "class": ("a.py", "class Named: ...\n", ["Named"]),
    "a use is not a name": ("a.py", "heard()\n", []),
    "module": ("server/kvlens/config/judge.py", "", ["config/judge"]),
    "module of that name elsewhere": ("server/kvlens/kv/values.py", "", []),
    "TypeScript": (
        "a.ts",
        "/** Stop it and\n * start it anew. */\nconst x = 'it stands';\n",
        ["anew", "stands"],
    ),
    "JSON": ("package.json", '{"description": "Whose behavior"}', ["Whose behavior"]),
}


@pytest.mark.parametrize(("path", "text", "found"), TEXTS.values(), ids=TEXTS)
def test_a_private_word_is_found(path: str, text: str, found: list[str]) -> None:
    assert [one.word for one in words_in(Path(path), text)] == found


def test_a_word_is_found_in_its_line() -> None:
    text = '"""One."""\n\n\n# two\n# mend\nx = "anew"\n'
    assert [(one.line, one.word) for one in words_in(Path("a.py"), text)] == [
        (4, "mend"),
        (6, "anew"),
    ]


def test_there_are_no_private_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"README.md", "docs/rules/README.md", "extension/src/server.ts"} <= set(files())
    assert words.main() == 0
    assert capsys.readouterr().out == ""


def test_each_private_word_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Found(3, "anew", "again")
    monkeypatch.setattr(words, "scan", lambda: {"README.md": [one, one]})
    assert words.main() == 1
    assert capsys.readouterr().out.splitlines() == ['README.md:3: "anew"; better: again'] * 2


def test_every_word_has_a_better_one() -> None:
    assert all({**PHRASES, **NAMES}.values())


def test_the_spelling_is_right() -> None:
    assert importlib.util.find_spec("codespell_lib"), "make setup installs codespell"
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 0)

"""The questions on a real terminal before keys lose content."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.unit.test_cli_key import Cli, cli, put

__all__ = ["cli"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no pseudo-terminal")

SEED = ["seed", "--binding", "ONE"]
RESTORE = ["snapshot", "restore", "s", "--binding", "ONE"]
SEEDS_ASK = 'Overwrite 1 key of ONE (id "2d") with other content: "k"? [y/N]'
RESTORE_ASKS = 'Overwrite 1 key of ONE (id "2d") with other content than in "s": "k"? [y/N]'
COPY = ["copy", "--binding", "ONE", "--to-binding", "NONE"]
INTERRUPTED = {
    # the commands that ask
    "clear": ["clear", "--binding", "ONE"],
    "copy": COPY,
    "undo": ["history", "undo"],
    "bulk delete": ["bulk", "delete", "keys.json", "--binding", "ONE"],
    "seed": SEED,
    "restore": RESTORE,
}
CASES = {
    # command and answer, question, exit code, the value afterwards
    "seed, yes": (SEED, "y\n", SEEDS_ASK, 0, b"seeded"),
    "seed, no": (SEED, "n\n", SEEDS_ASK, 1, b"mine"),
    "seed, nothing said": (SEED, "\n", SEEDS_ASK, 1, b"mine"),
    "seed, forced": ([*SEED, "--force"], "", "", 0, b"seeded"),
    "seed, dry run": ([*SEED, "--dry-run"], "", "", 0, b"mine"),
    "restore, yes": (RESTORE, "yes\n", RESTORE_ASKS, 0, b"seeded"),
    "restore, no": (RESTORE, "n\n", RESTORE_ASKS, 1, b"mine"),
    "restore, forced": ([*RESTORE, "-y"], "", "", 0, b"seeded"),
}


PATIENCE = 60.0  # seconds without any output


def on_a_terminal(arguments: list[str], answer: str, *, asked: bool = False) -> tuple[str, int]:
    """Run a command on a terminal; return its output and its exit code.

    With `asked`, the answer follows the question, as a key that interrupts must.
    """
    import pty

    child, terminal = pty.fork()
    if not child:  # pragma: no cover
        os.execv(sys.executable, [sys.executable, "-m", "kvlens", *arguments])
    shown = b""
    try:
        while asked and b"[y/N]" not in shown:
            shown += os.read(terminal, 65536)
        if asked:  # a signal between the question and the system call that waits would be lost
            time.sleep(0.5)
        os.write(terminal, answer.encode())
        while select.select([terminal], [], [], PATIENCE)[0]:
            shown += os.read(terminal, 65536)
        os.kill(child, signal.SIGKILL)  # it waits for another answer
    except OSError:  # how a terminal reports that it is closed
        pass
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    ("arguments", "answer", "asks", "code", "value"), CASES.values(), ids=CASES
)
def test_keys_are_overwritten_after_a_question(
    cli: Cli, tmp_path: Path, arguments: list[str], answer: str, asks: str, code: int, value: bytes
) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "ONE.json").write_text('[{"key": "k", "value": "seeded"}]')
    put(cli, "k", "seeded")
    assert cli("snapshot", "save", "s").code == 0
    unasked, done = on_a_terminal(arguments, "")
    assert (done, "[y/N]" in unasked) == (0, False)
    put(cli, "k", "mine")
    shown, done = on_a_terminal(arguments, answer)
    assert done == code
    assert asks in shown
    assert ("[y/N]" in shown) == bool(asks)
    assert cli("key", "get", "k", "--binding", "ONE").out == value


@pytest.mark.parametrize("arguments", INTERRUPTED.values(), ids=INTERRUPTED)
def test_ctrl_c_ends_a_question_at_once(cli: Cli, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "ONE.json").write_text('[{"key": "k", "value": "seeded"}]')
    (tmp_path / "keys.json").write_text('["k"]')
    put(cli, "k", "seeded")
    assert cli("snapshot", "save", "s").code == 0
    assert cli("key", "put", "k", "there", "--binding", "NONE").code == 0
    put(cli, "k", "mine")
    shown, done = on_a_terminal(arguments, "\x03", asked=True)
    assert (done, "interrupted" in shown) == (130, True), shown
    assert cli("key", "get", "k", "--binding", "ONE").out == b"mine"


@pytest.mark.parametrize("command", [["clear"], ["bulk", "delete", "keys.json"]], ids=str)
@pytest.mark.parametrize(("size", "is_said"), [("1", True), ("64", False), ("0", False)])
def test_a_question_says_what_cannot_be_undone(
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    size: str,
    is_said: bool,
) -> None:
    monkeypatch.setenv("KVLENS_HISTORY", size)
    (tmp_path / "keys.json").write_text('["k"]')
    (tmp_path / "value").write_bytes(b"v" * 2 * 1024 * 1024)
    assert cli("key", "put", "k", "--path", "value", "--binding", "ONE").code == 0
    shown, done = on_a_terminal([*command, "--binding", "ONE"], "n\n")
    said = (
        "It can't be undone: it takes 3 MB in the history, which has 1 MB (KVLENS_HISTORY). [y/N]"
    )
    assert (done, said in shown, "[y/N]" in shown) == (1, is_said, True)

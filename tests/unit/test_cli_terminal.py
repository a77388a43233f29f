"""Output to a terminal, and errors: one readable line that can't control the terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from kvlens.cli import main
from kvlens.cli.terminal import colored, one_line, screens, visible, visible_json
from kvlens.process import own_command

from tests.unit.odd_files import endless, gigabytes, pipe

CONFIG = '{{ "kv_namespaces": [{{ "binding": {name}, "id": "x" }}, {{ "binding": "KV" }}] }}'
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")

SHOWN = {
    "escape": ("\x1b[2J", "\\x1b[2J"),
    "delete": ("\x7f", "\\x7f"),
    "C1": ("\x9b31m\x85", "\\x9b31m\\x85"),
    "carriage return": ("a\rb", "a\\rb".replace("\\r", "\\x0d")),
    "override": ("\u202eabc\u2066", "\\u202eabc\\u2066"),
    "line separator": ("\u2028", "\\u2028"),
    "half a pair": ("\ud800", "\\ud800"),
    "what people write": ("é 😀 👩‍💻 שלום\t\n", "é 😀 👩‍💻 שלום\t\n"),
}


@pytest.mark.parametrize(("text", "shown"), SHOWN.values(), ids=SHOWN)
def test_what_steers_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert one_line(text) == shown.replace("\t", "\\t").replace("\n", "\\n")
    assert json.loads(visible_json(json.dumps(text, ensure_ascii=False))) == text


RED, RESET = "\x1b[31m", "\x1b[0m"
COLORED = {
    # on a terminal: (text, color of its lines, output)
    "plain": ("a\nb", "", "a\nb"),
    "color": (f"{RED}a{RESET}", "", f"{RED}a{RESET}"),
    "not closed": (f"{RED}a", "", f"{RED}a{RESET}"),
    "not closed in its line": (f"{RED}a\nb", "", f"{RED}a{RESET}\nb"),
    "closed before the end": (f"{RED}a{RESET}b", "", f"{RED}a{RESET}b{RESET}"),
    "256 colors": ("\x1b[1;38;5;208ma", "", f"\x1b[1;38;5;208ma{RESET}"),
    "true color": ("\x1b[38:2::1:2:3ma", "", f"\x1b[38:2::1:2:3ma{RESET}"),
    "short reset": ("\x1b[ma", "", f"\x1b[ma{RESET}"),
    "of ours": ("a\nb", RED, f"{RED}a{RESET}\n{RED}b{RESET}"),
    "of ours and its own": (f"a\x1b[1mb{RESET}", RED, f"{RED}a\x1b[1mb{RESET}"),
    "clear": (f"{RED}\x1b[2Ja", "", f"{RED}\\x1b[2Ja{RESET}"),
    "move": ("\x1b[1;1Ha", "", "\\x1b[1;1Ha"),
    "title": ("\x1b]0;t\x07", "", "\\x1b]0;t\\x07"),
    "link": ("\x1b]8;;x\x1b\\", "", "\\x1b]8;;x\\x1b\\"),
    "private": ("\x1b[?25lm", "", "\\x1b[?25lm"),
    "keyboard": ("\x1b[>4;2m", "", "\\x1b[>4;2m"),
    "cut": ("\x1b[3", "", "\\x1b[3"),
    "two starts": ("\x1b\x1b[31ma", "", f"\\x1b{RED}a{RESET}"),
    "over lines": ("\x1b[\n31m", "", "\\x1b[\n31m"),
    "endless": (f"\x1b[{'1;' * 40}m", "", f"\\x1b[{'1;' * 40}m"),
    "C1": ("\x9b31ma", "", "\\x9b31ma"),
    "override": (f"{RED}\u202ea", "", f"{RED}\\u202ea{RESET}"),
}


@pytest.mark.parametrize(("text", "color", "shown"), COLORED.values(), ids=COLORED)
def test_colors_stay_and_nothing_else(text: str, color: str, shown: str) -> None:
    assert colored(text, color) == shown


STREAMS = {
    # output of a serving command: (a terminal, environment, whether colors stay)
    "terminal": (True, {}, True),
    "terminal, unbuffered": (True, {"PYTHONUNBUFFERED": "1"}, True),
    "terminal, NO_COLOR": (True, {"NO_COLOR": "1"}, False),
    "terminal, NO_COLOR empty": (True, {"NO_COLOR": ""}, True),
    "pipe": (False, {}, False),
    "pipe, unbuffered": (False, {"PYTHONUNBUFFERED": "1"}, False),
}
SAYS = """
from kvlens.cli.terminal import screens
from kvlens.cli.events import Events
with screens():
    events = Events(as_json=False)
    for error in (False, True):
        events.text("\x1b[31mred\x1b[2J\x9b", error=error)
        events.text("ours", error=error, color="\x1b[2m")
        events.log("warning", "\x1b[2J")
    events.close()
"""


@POSIX
@pytest.mark.parametrize(("terminal", "env", "colors"), STREAMS.values(), ids=STREAMS)
def test_what_a_serving_command_says_steers_nothing(
    terminal: bool, env: dict[str, str], colors: bool
) -> None:
    """On both streams, through any code path."""
    import pty

    reader, writer = pty.openpty() if terminal else os.pipe()
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "PYTHONUNBUFFERED")}
    command = [sys.executable, "-c", SAYS]
    process = subprocess.Popen(command, stdout=writer, stderr=writer, env={**plain, **env})
    os.close(writer)
    said = b""
    with contextlib.suppress(OSError):  # a terminal's end of input
        while data := os.read(reader, 65536):
            said += data
    os.close(reader)
    assert process.wait(60) == 0
    red = "\x1b[31mred\\x1b[2J\\x9b\x1b[0m" if colors else "\\x1b[31mred\\x1b[2J\\x9b"
    ours = "\x1b[2mours\x1b[0m" if colors else "ours"
    lines = sorted(said.decode().replace("\r\n", "\n").splitlines())
    assert lines == sorted([red, ours, "warning: \\x1b[2J"] * 2)


def is_plain(text: str) -> bool:
    """Return whether nothing in a text controls a terminal."""
    return text == visible(text)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose name has control characters."""
    name = json.dumps("A\x1b[2J\n\u202eB", ensure_ascii=True)
    (tmp_path / "wrangler.jsonc").write_text(CONFIG.format(name=name), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLOUDFLARE_ENV", raising=False)
    return tmp_path


COMMANDS: dict[str, list[str]] = {
    "namespace list": ["namespace", "list"],
    "namespace list --json": ["namespace", "list", "--json"],
    "unknown binding": ["key", "get", "k", "--binding", "X\x1b[2J"],
    "unknown key": ["key", "get", "k\x9b", "--binding", "KV"],
    "key list": ["key", "list", "--binding", "KV"],
    "history list": ["history", "list"],
    "history list --json": ["history", "list", "--json"],
    "delete": ["key", "delete", "c1\x9b\u202e", "--binding", "KV"],
    "check": ["check"],
    "check github": ["check", "--output-format", "github"],
    "no option": ["key", "get", "k", "--\x1b[2J"],
    "no command": ["key", "\x1b[2J"],
    "no command at all": ["\x1b[2J"],
    "no help": ["help", "\x1b[2J"],
    "no rule": ["check", "--severity", "\x1b[2J=off"],
    "no mode": ["serve", "--compat", "\x1b[2J"],
    "no host": ["dev", "--allowed-host", "\x1b[2J"],
    "no shell": ["completion", "\x1b[2J"],
    "move": ["namespace", "move", "\x1b[2J", "A\x1b[2J\n\u202eB"],
    "no file": ["bulk", "put", "\x1b[2J.json", "--binding", "KV"],
    "seed": ["seed", "--binding", "A\x1b[2J\n\u202eB"],
    "store": ["key", "get", "k", "--binding", "KV", "--store", "\x1b[2J:"],
    "export": ["export", "--binding", "A\x1b[2J\n\u202eB", "-o", "out\x1b.json"],
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_no_name_steers_the_terminal(
    hostile: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["key", "put", "c1\x9b\u202e", "v", "--binding", "KV", "--metadata", '"\\u009b"'])
    main(words)
    out, err = capsys.readouterr()
    assert out or err
    assert is_plain(out), out
    assert is_plain(err), err


VALUE = b"a\x1b[2J\n\xc2\x9b\xe2\x80\xae"


def test_a_value_is_exact_in_a_pipe(
    hostile: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (hostile / "value").write_bytes(VALUE)
    main(["key", "put", "k", "--path", "value", "--binding", "KV"])
    for words, expected in (([], VALUE), (["--text"], VALUE + b"\n")):
        capfdbinary.readouterr()
        assert main(["key", "get", "k", "--binding", "KV", *words]) == 0
        assert capfdbinary.readouterr().out == expected
    main(["export", "--binding", "KV"])
    assert json.loads(capfdbinary.readouterr().out)[0]["value"] == VALUE.decode()


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


TO_TERMINAL = {
    "key get": ["key", "get", "k", "--binding", "KV"],
    "key get --text": ["key", "get", "k", "--text", "--binding", "KV"],
    "history get": ["history", "get", "1"],
    "export": ["export", "--binding", "KV"],
}


@pytest.mark.parametrize("words", TO_TERMINAL.values(), ids=TO_TERMINAL)
def test_a_value_does_not_steer_a_terminal(
    hostile: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (hostile / "value").write_bytes(VALUE)
    main(["key", "put", "k", "--path", "value", "--binding", "KV"])
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    assert main(words) == 0
    shown = screen.getvalue()
    assert is_plain(shown)
    if words[0] == "export":
        assert json.loads(shown)[0]["value"] == VALUE.decode()
    else:
        assert shown.startswith("a\\x1b[2J\n\\x9b\\u202e")


def test_the_streams_are_put_back() -> None:
    before = sys.stdout, sys.stderr
    with screens():
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


# errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "options"),
    [("key list", ["--binding", "KV"]), ("check", []), ("serve", [])],
    ids=["key list", "check", "serve"],
)
def test_a_mistake_of_ours_is_one_line(
    hostile: Path,
    command: str,
    options: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*given: object, **more: object) -> None:
        raise KeyError("x\x1b[2J\n" + "long " * 1000)

    for place in ("lint.check_files.read_config", "workspace.project.read_config"):
        monkeypatch.setattr(f"kvlens.{place}", fail)
    assert main([*command.split(), *options]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"internal error in kvlens {command}: KeyError: ")
    assert err.endswith("Please report this; KVLENS_DEBUG=1 shows where\n")
    assert err.count("\n") == 1
    assert is_plain(err)
    assert len(err) < 400


def test_the_traceback_is_for_who_asks(tmp_path: Path) -> None:
    code = (
        "import kvlens.lint.check_files as p, kvlens.cli as c\n"
        "def fail(path): raise KeyError('x')\n"
        "p.read_config = fail\n"
        "raise SystemExit(c.main(['check']))\n"
    )
    (tmp_path / "wrangler.toml").write_text("name = 'x'\n", encoding="utf-8")
    run = {
        debug: subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, "KVLENS_DEBUG": debug},
            capture_output=True,
            text=True,
            check=False,
        )
        for debug in ("", "1")
    }
    assert "Traceback" not in run[""].stderr
    assert "Traceback" in run["1"].stderr
    assert "internal error in kvlens check" in run["1"].stderr


def test_the_log_of_an_editor_has_the_traceback(tmp_path: Path) -> None:
    code = (
        "import kvlens.lsp.server as s, kvlens.cli as c\n"
        "def fail(): raise KeyError('x')\n"
        "s.run = fail\n"
        "raise SystemExit(c.main(['lsp']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" in done.stderr
    assert "internal error in kvlens lsp: KeyError: 'x'" in done.stderr


def test_the_log_of_an_editor_says_why_the_server_ends() -> None:
    with subprocess.Popen(
        [*own_command(), "lsp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stdin
        assert server.stderr
        server.stdin.write(b"X: 5\r\n\r\n{}")
        server.stdin.flush()
        assert server.wait(60) == 1
        log = server.stderr.read()
    assert b"something other than LSP messages: no Content-Length in b'X: 5'" in log


# files ------------------------------------------------------------------------------------------


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (pipe, "is a named pipe, not a file"),
    "device": (endless, "is a device, not a file"),
    "gigabytes": (gigabytes, "is 5,368,709,120 bytes, over the limit of "),
}
GOOD = 'main = "src/index.ts"\n[[kv_namespaces]]\nbinding = "KV"\n'


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the real command, which must not wait for anything."""
    return subprocess.run(
        [*own_command(), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@POSIX
@pytest.mark.parametrize(("make", "reason"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("wrangler.toml", ["check"]),
        ("wrangler.json", ["check"]),
        ("wrangler.toml", ["key", "list", "--binding", "KV"]),
        ("wrangler.toml", ["serve"]),
        ("wrangler.toml", ["dev"]),
        ("seeds/KV.json", ["check"]),
        ("seeds/KV.json", ["seed"]),
    ],
)
def test_what_is_no_file_is_named_at_once(
    tmp_path: Path, make: Callable[[Path], None], reason: str, place: str, words: list[str]
) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "wrangler.toml").write_text(GOOD, encoding="utf-8")
    path = tmp_path / place
    path.unlink(missing_ok=True)
    make(path)
    done = run(tmp_path, *words)
    said = done.stdout + done.stderr
    assert f"{place.split('/')[-1]}" in said
    assert reason in said
    assert "Traceback" not in said
    assert done.returncode in (1, 2)


@POSIX
@pytest.mark.parametrize("make", [pipe, endless, gigabytes], ids=["pipe", "device", "gigabytes"])
@pytest.mark.parametrize(
    "place", ["src/index.ts", "package.json", "node_modules/wrangler/package.json",
              "wrangler.staging.toml", "src/env.d.ts"],
)  # fmt: skip
def test_what_is_no_file_around_a_config_holds_nothing_up(
    tmp_path: Path, make: Callable[[Path], None], place: str
) -> None:
    (tmp_path / "wrangler.toml").write_text(GOOD, encoding="utf-8")
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    done = run(tmp_path, "check")
    assert "binding-unused" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_named_and_nothing_is_claimed(tmp_path: Path, encoding: str) -> None:
    def text(content: str) -> bytes:
        return (content if encoding == "utf-16" else f"\ufeff{content}").encode(encoding)

    (tmp_path / "wrangler.toml").write_text(GOOD, encoding="utf-8")
    source = tmp_path / "src" / "index.ts"
    source.parent.mkdir()
    source.write_text("export default { fetch() { return new Response() } }", encoding="utf-8")
    assert "binding-unused" in run(tmp_path, "check").stdout
    (tmp_path / "src" / "other.ts").write_bytes(text("export const x = 1"))
    said = run(tmp_path, "check").stdout
    assert "other.ts:1:1: error unreadable-file: is UTF-16 text; save it as UTF-8" in said
    assert "binding-unused" not in said
    (tmp_path / "wrangler.toml").write_bytes(text(GOOD))
    assert "is UTF-16 text; save it as UTF-8" in run(tmp_path, "check").stdout
    assert (
        "is UTF-16 text; save it as UTF-8" in run(tmp_path, "key", "list", "--binding", "KV").stderr
    )


@POSIX
def test_a_pipe_that_the_user_names_is_read(hostile: Path) -> None:
    def feed(path: Path, content: str) -> None:
        threading.Thread(target=path.write_text, args=(content,), daemon=True).start()

    pipe = hostile / "pipe"
    os.mkfifo(pipe)
    feed(pipe, "value")
    assert run(hostile, "key", "put", "k", "--path", "pipe", "--binding", "KV").returncode == 0
    assert run(hostile, "key", "get", "k", "--binding", "KV").stdout == "value"
    for words in (["bulk", "put", "pipe"], ["seed", "pipe"]):
        feed(pipe, '[{"key": "b", "value": "1"}]')
        done = run(hostile, *words, "--binding", "KV")
        assert (done.returncode, done.stderr) == (0, "")
    done = run(hostile, "key", "put", "k", "--path", "/dev/zero", "--binding", "KV")
    assert done.stderr == ("kvlens key put: /dev/zero: is over the limit of 26,214,400 bytes\n")


# export -----------------------------------------------------------------------------------------


@POSIX
def test_an_export_replaces_no_device_and_no_link(
    hostile: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run(hostile, "key", "put", "k", "v", "--binding", "KV")
    export = ["export", "--binding", "KV", "-o"]
    assert run(hostile, *export, "/dev/null").returncode == 0
    assert Path("/dev/null").is_char_device()
    # a link to a file of the project is followed, and stays one
    (hostile / "real.json").write_text("before", encoding="utf-8")
    (hostile / "link.json").symlink_to("real.json")
    assert run(hostile, *export, "link.json").returncode == 0
    assert (hostile / "link.json").is_symlink()
    assert json.loads((hostile / "real.json").read_bytes())[0]["key"] == "k"
    # one that leads out is not
    outside = tmp_path_factory.mktemp("outside") / "precious"
    outside.write_text("before", encoding="utf-8")
    (hostile / "seeds").mkdir()
    (hostile / "seeds" / "KV.json").symlink_to(outside)
    done = run(hostile, *export, "seeds/KV.json")
    assert done.returncode == 1
    assert (
        f"seeds/KV.json: is a link to {outside}, outside the project; name that file" in done.stderr
    )
    assert outside.read_text("utf-8") == "before"
    assert run(hostile, *export, str(outside)).returncode == 0
    # a pipe is written to
    done = run(hostile, *export, "/dev/stdout")
    assert json.loads(done.stdout.split("Wrote")[0])[0]["key"] == "k"
    assert run(hostile, *export, "/").stderr == "kvlens export: /: is a folder; name a file\n"


# numbers ----------------------------------------------------------------------------------------

MILLISECONDS = "1675058732043"
TIMES = {
    "milliseconds": (["--expiration", MILLISECONDS], "this looks like milliseconds: 1675058732"),
    "of 400 digits": (["--expiration", "9" * 400], "--expiration is out of range"),
    "of 5,000 digits": (["--expiration", "9" * 5000], "invalid int value"),
    "ttl of 400 digits": (["--ttl", "9" * 400], "--ttl is out of range"),
    "metadata without end": (["--metadata", "1e400"], "can't be written as JSON"),
    "metadata of 5,000 digits": (["--metadata", "9" * 5000], "can't be written as JSON"),
    "metadata NaN": (["--metadata", "NaN"], "must be valid JSON"),
}


@pytest.mark.parametrize(("words", "said"), TIMES.values(), ids=TIMES)
def test_a_number_without_measure_is_refused(
    hostile: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "put", "k", "v", "--binding", "KV", *words]) in (1, 2)
    err = capsys.readouterr().err
    assert said in err
    assert "internal error" not in err
    assert err.count("\n") == 1


SEEDS = {
    "1e400": ('[{"key":"k","value":"v","metadata":{"a":1e400}}]', "too large for JSON"),
    "5,000 digits": (f'[{{"key":"k","value":"v","metadata":{"9" * 5000}}}]', "too large for JSON"),
    "expiration": (f'[{{"key":"k","value":"v","expiration":{"9" * 400}}}]', "out of range"),
    "expiration 1e400": ('[{"key":"k","value":"v","expiration":1e400}]', "out of range"),
    "ttl": (f'[{{"key":"k","value":"v","expiration_ttl":{"9" * 5000}}}]', "out of range"),
    "value": (f'[{{"key":"k","value":{"9" * 5000}}}]', '"value" must be a string'),
    "NaN": ('[{"key":"k","value":NaN}]', "NaN is not a JSON number"),
    "a time alone": ('[{"key":1,"expiration":"x"}]', '"expiration" must be a number'),
    "deep": ('[{"key":"k","value":"v","metadata":' + "[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize(("text", "said"), SEEDS.values(), ids=SEEDS)
@pytest.mark.parametrize("words", [["bulk", "put", "f.json"], ["seed", "f.json"]])
def test_a_number_in_a_seed_file_is_a_problem_with_its_place(
    hostile: Path, words: list[str], text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (hostile / "f.json").write_text(text, encoding="utf-8")
    assert main([*words, "--binding", "KV"]) == 1
    err = capsys.readouterr().err
    assert said.lower() in err.lower()
    assert "f.json:1:" in err
    assert "internal error" not in err


def test_very_many_mistakes_are_counted(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (hostile / "f.json").write_text("[" + ",".join(['{"key":1,"value":"v"}'] * 60_000) + "]")
    assert main(["bulk", "put", "f.json", "--binding", "KV"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith('f.json:1:2: item at index 0: "key" must be a string')
    assert len(lines) == 52
    assert lines[-2] == "… and 59,950 more"
    assert lines[-1] == "kvlens bulk put: 60,000 mistakes in f.json; nothing was written"
    (hostile / "f.json").write_text("[" + "1," * 60_000 + "1]")
    assert main(["bulk", "delete", "f.json", "--binding", "KV"]) == 1
    assert "60,001 mistakes in f.json" in capsys.readouterr().err

"""Invalid messages: each request gets one readable response, and the server continues."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from kvlens.process import own_command

CONFIG = '[[kv_namespaces]]\nbinding = "A"\nid = "0f2ac74b498b48028cb68387c421e279"\n'


class Session:
    """A server session with raw messages, byte by byte if necessary."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        log: int = subprocess.PIPE,
        **params: Any,
    ) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            own_command("lsp"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
        self.uri = (folder / "wrangler.toml").as_uri()
        if params:
            self.initialize(**params)

    def initialize(self, **params: Any) -> None:
        workspace = [{"uri": self.folder.as_uri(), "name": "x"}]
        options = {"autoStart": False, "store": "memory:"}
        self.send(
            id=0,
            method="initialize",
            params={
                "capabilities": {},
                "processId": None,
                "workspaceFolders": workspace,
                "initializationOptions": options,
                **params,
            },
        )
        assert self.answer(0)["result"]["serverInfo"]["name"] == "kvlens"
        self.send(method="initialized", params={})

    def send(self, **message: Any) -> None:
        self.body(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def body(self, body: bytes) -> None:
        self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def raw(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout
        size = 0
        while line := self.process.stdout.readline().strip():
            if line.startswith(b"Content-Length: "):
                size = int(line.removeprefix(b"Content-Length: "))
        assert size, "the server has ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(size))
        return message

    def answer(self, number: Any) -> dict[str, Any]:
        """Return the next response, which must have this id: requests aren't answered twice."""
        while True:
            message = self.read()
            if "method" not in message:
                assert message["id"] == number
                return message

    def told(self, uri: str) -> list[str]:
        """Return the codes of the problems that are sent next for a text."""
        while True:
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                assert params["uri"] == uri, "another spelling"
                return [problem["code"] for problem in params["diagnostics"]]

    def open(self, text: str, uri: str | None = None) -> None:
        item = {"uri": uri or self.uri, "languageId": "toml", "version": 1, "text": text}
        self.send(method="textDocument/didOpen", params={"textDocument": item})

    def end(self) -> int:
        self.send(id="end", method="shutdown")
        self.answer("end")
        self.send(method="exit")
        return self.process.wait(60)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("messages")
    (folder / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    with Session(folder, log=subprocess.DEVNULL, trace="off") as running:  # nobody reads the log
        running.open(CONFIG)
        yield running
        assert running.end() == 0


INVALID, PARAMS, METHOD, UNREADABLE, MODIFIED = -32600, -32602, -32601, -32700, -32801
HOVER = "textDocument/hover"
TEXT = {"textDocument": {"uri": "file:///x/wrangler.toml"}}
ACTIONS = "textDocument/codeAction"
AREA = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
ACTION = {**TEXT, "range": AREA}
REQUESTS: list[tuple[str, str, Any, int]] = [
    # id, method, params, code
    ("position-null", HOVER, {**TEXT, "position": None}, PARAMS),
    ("no-params", HOVER, None, PARAMS),
    ("empty", HOVER, {}, PARAMS),
    ("array", HOVER, [], PARAMS),
    ("text", HOVER, "x", PARAMS),
    ("line-minus-one", HOVER, {**TEXT, "position": {"line": -1, "character": 0}}, PARAMS),
    ("line-too-large", HOVER, {**TEXT, "position": {"line": 2**31, "character": 0}}, PARAMS),
    ("line-of-5000-digits", HOVER, {**TEXT, "position": {"line": 1, "character": None}}, PARAMS),
    ("uri-null", HOVER, {"textDocument": {"uri": None}, "position": None}, PARAMS),
    ("command-null", "workspace/executeCommand", None, PARAMS),
    ("command-of-number", "workspace/executeCommand", {"command": []}, PARAMS),
    ("command-unknown", "workspace/executeCommand", {"command": "x"}, PARAMS),
    ("command-bad", "workspace/executeCommand", {"command": "kvlens.get", "arguments": [5]}, PARAMS),
    ("completion", "textDocument/completion", {**TEXT}, PARAMS),
    ("rename", "textDocument/rename", {**TEXT, "position": {}, "newName": 5}, PARAMS),
    ("code-action", "textDocument/codeAction", {**TEXT, "range": {}, "context": {}}, PARAMS),
    ("many-of-a-wrong-type", ACTIONS, {**ACTION, "context": {"diagnostics": [1] * 200_000}}, PARAMS),
    ("text-for-an-array", ACTIONS, {**ACTION, "context": {"diagnostics": "x" * 200_000}}, PARAMS),
    ("lens-without-data", "codeLens/resolve", {"range": AREA}, PARAMS),
    ("lens-of-no-kind", "codeLens/resolve", {"range": AREA, "data": [1, 1, 0, 9]}, PARAMS),
    ("lens-before-the-first", "codeLens/resolve", {"range": AREA, "data": [1, 1, -1, 0]}, PARAMS),
    ("lens-of-no-text", "codeLens/resolve", {"range": AREA, "data": [99, 1, 0, 0]}, MODIFIED),
    ("inlay", "textDocument/inlayHint", {**TEXT, "range": {"start": 5, "end": 6}}, PARAMS),
    ("symbols", "workspace/symbol", {}, PARAMS),
    ("formatting", "textDocument/formatting", {}, METHOD),
    ("unknown", "no/such", {"type_name": 5}, METHOD),
    ("internal", "$/such", [1], METHOD),
    ("initialize", "initialize", {"capabilities": {}}, INVALID),
    ("did-open", "textDocument/didOpen", {}, INVALID),
    ("did-change", "textDocument/didChange", {}, INVALID),
    ("initialized", "initialized", {}, INVALID),
    ("exit", "exit", None, INVALID),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "params", "code"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS]
)
def test_a_request_that_does_not_fit(session: Session, method: str, params: Any, code: int) -> None:
    session.send(id="asked", method=method, params=params)
    error = session.answer("asked")["error"]
    assert error["code"] == code
    assert error["message"]
    assert "\n" not in error["message"]
    assert "data" not in error


NOWHERE = {
    # URIs of impossible files
    "zero": "file:///x%00/wrangler.toml",
    "zero-itself": "file:///x\0/wrangler.toml",
    "zero-alone": "\0",
    "half-a-pair": "file:///\ud800/wrangler.toml",
    "half-a-pair-alone": "\ud800",
    "no-uri": "http://[::1",
    "no-file-uri": "file://[::1/wrangler.toml",
    "name-too-long": f"file:///{'x' * 300}/wrangler.toml",
    "path-too-long": f"file://{'/x' * 3000}/wrangler.toml",
    "empty": "",
}
ASKED: dict[str, Any] = {
    "hover": {"position": {"line": 0, "character": 0}},
    "codeLens": {},
    "codeAction": {"range": AREA, "context": {"diagnostics": []}},
    "completion": {"position": {"line": 0, "character": 0}},
    "rename": {"position": {"line": 0, "character": 0}, "newName": "B"},
    "signatureHelp": {"position": {"line": 0, "character": 0}},
    "documentHighlight": {"position": {"line": 0, "character": 0}},
    "selectionRange": {"positions": [{"line": 0, "character": 0}]},
    "inlayHint": {"range": AREA},
    "documentLink": {},
    "semanticTokens/full": {},
}


@pytest.mark.parametrize("uri", NOWHERE.values(), ids=NOWHERE)
def test_a_file_that_cannot_be(session: Session, uri: str) -> None:
    for name, params in ASKED.items():
        for state in ("closed", "open"):
            if state == "open":
                session.open(CONFIG, uri)
            given = {**params, "textDocument": {"uri": uri}}
            session.send(id=name, method=f"textDocument/{name}", params=given)
            assert "issues" not in json.dumps(session.answer(name)), (name, state)
        session.send(method="textDocument/didSave", params={"textDocument": {"uri": uri}})
        session.send(method="textDocument/didClose", params={"textDocument": {"uri": uri}})
    changes = [{"uri": uri, "type": kind} for kind in (1, 2, 3)]
    session.send(method="workspace/didChangeWatchedFiles", params={"changes": changes})
    for command in ("get", "list", "export", "seed"):
        arguments = [{"config": uri, "binding": "A", "key": "k", "file": uri}]
        params = {"command": f"kvlens.{command}", "arguments": arguments}
        session.send(id=command, method="workspace/executeCommand", params=params)
        error = session.answer(command)["error"]["message"]
        assert "is not a config of this workspace" in error


ARRAYS = {
    # diagnostics: the error, only about the first invalid one
    "numbers": (
        [1, 2, 3],
        "invalid value for type, expected Diagnostic @ $.params.context.diagnostics[0].",
    ),
    "text": ("abc", "invalid value for type, expected Sequence @ $.params.context.diagnostics."),
    "object": (
        {"a": 1},
        "invalid value for type, expected Sequence @ $.params.context.diagnostics.",
    ),
}


@pytest.mark.parametrize(("given", "said"), ARRAYS.values(), ids=ARRAYS)
def test_the_first_mistake_of_an_array_is_named(session: Session, given: Any, said: str) -> None:
    session.send(id="asked", method=ACTIONS, params={**ACTION, "context": {"diagnostics": given}})
    assert session.answer("asked")["error"]["message"] == f"{ACTIONS}: {said}"


BODIES: list[tuple[str, bytes, Any, int]] = [
    # id, body, the id of the response, code
    ("not-json", b"{", None, UNREADABLE),
    ("empty", b"", None, UNREADABLE),
    ("not-utf-8", b'{"a":"\xff"}', None, UNREADABLE),
    ("deep", b"[" * 100_000, None, UNREADABLE),
    ("number", b"5", None, INVALID),
    ("batch", b'[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]', None, INVALID),
    ("empty-batch", b"[]", None, INVALID),
    ("no-version", b'{"id":1,"method":"shutdown"}', 1, INVALID),
    ("old-version", b'{"jsonrpc":"1.0","id":1,"method":"shutdown"}', 1, INVALID),
    ("id-object", b'{"jsonrpc":"2.0","id":{},"method":"shutdown"}', None, INVALID),
    ("id-null", b'{"jsonrpc":"2.0","id":null,"method":"shutdown"}', None, INVALID),
    ("id-true", b'{"jsonrpc":"2.0","id":true,"method":"shutdown"}', None, INVALID),
    ("id-fraction", b'{"jsonrpc":"2.0","id":1.5,"method":"shutdown"}', None, INVALID),
    ("id-large", b'{"jsonrpc":"2.0","id":%d,"method":"x"}' % 2**70, 2**70, METHOD),
    ("id-huge", b'{"jsonrpc":"2.0","id":%b,"method":"x"}' % (b"9" * 5000), None, INVALID),
    ("method-number", b'{"jsonrpc":"2.0","id":1,"method":5}', 1, INVALID),
    ("nothing", b'{"jsonrpc":"2.0","id":1}', 1, INVALID),
    (
        "5000-digits",
        b'{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{"textDocument":'
        b'{"uri":"file:///x"},"position":{"line":%b,"character":0}}}' % (b"9" * 5000),
        1,
        PARAMS,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "number", "code"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
def test_a_body_that_is_no_request(session: Session, body: bytes, number: Any, code: int) -> None:
    session.body(body)
    assert session.answer(number)["error"]["code"] == code


SILENT: list[tuple[str, dict[str, Any]]] = [
    ("answers nothing", {"id": 77, "result": None}),
    ("error to nothing", {"id": "x", "error": {"code": 1, "message": "x"}}),
    ("error without id", {"id": None, "error": {"code": 1, "message": "x"}}),
    ("unknown", {"method": "no/such", "params": [5]}),
    ("open", {"method": "textDocument/didOpen", "params": {}}),
    ("change", {"method": "textDocument/didChange"}),
    ("close", {"method": "textDocument/didClose", "params": {"textDocument": 5}}),
    ("save", {"method": "textDocument/didSave", "params": None}),
    ("watched", {"method": "workspace/didChangeWatchedFiles", "params": {"changes": {}}}),
    ("settings", {"method": "workspace/didChangeConfiguration", "params": {"settings": 5}}),
    ("folders", {"method": "workspace/didChangeWorkspaceFolders", "params": {"event": []}}),
    ("cancel", {"method": "$/cancelRequest", "params": {"id": 99}}),
    ("cancel null", {"method": "$/cancelRequest", "params": None}),
    ("a request without id", {"method": "shutdown"}),
]


@pytest.mark.parametrize("message", [row[1] for row in SILENT], ids=[row[0] for row in SILENT])
def test_a_notification_that_does_not_fit_has_no_answer(
    session: Session, message: dict[str, Any]
) -> None:
    session.send(**message)
    session.send(id="after", method="textDocument/documentSymbol", params=_document(session))
    assert session.answer("after")["result"]


def _document(session: Session) -> dict[str, Any]:
    return {"textDocument": {"uri": session.uri}}


@pytest.mark.parametrize(
    ("line", "character"), [(0, 9999), (9999, 0), (2**31 - 1, 2**31 - 1), (1, 2**31 - 1)]
)
def test_a_position_beyond_the_text_is_taken_for_its_end(
    session: Session, line: int, character: int
) -> None:
    place = {"line": line, "character": character}
    for method in (HOVER, "textDocument/completion", "textDocument/definition"):
        session.send(id=method, method=method, params={**_document(session), "position": place})
        assert "error" not in session.answer(method)


def test_half_of_an_edit_is_not_made(tmp_path: Path) -> None:
    with Session(tmp_path, trace="off") as session:
        session.open(CONFIG)
        changes = [{"text": "binding = 5"}, {"range": {"start": 5}, "text": "x"}]
        version = {"uri": session.uri, "version": 2}
        params = {"textDocument": version, "contentChanges": changes}
        session.send(method="textDocument/didChange", params=params)
        session.send(id=1, method="textDocument/documentSymbol", params=_document(session))
        assert "A" in json.dumps(session.answer(1)["result"])


def test_the_session_has_an_order(tmp_path: Path) -> None:
    with Session(tmp_path) as session:
        session.send(id=1, method=HOVER, params={})
        assert session.answer(1)["error"]["code"] == -32002
        session.send(id=2, method="shutdown")
        assert session.answer(2)["error"]["code"] == -32002
        session.send(id=3, method="initialize", params=None)
        assert session.answer(3)["error"]["code"] == PARAMS
        session.initialize()
        session.send(id=4, method="shutdown")
        assert session.answer(4)["result"] is None
        session.send(id=5, method=HOVER, params={})
        assert session.answer(5)["error"]["code"] == INVALID
        session.send(method="exit")
        assert session.process.wait(60) == 0


@pytest.mark.parametrize("initialized", [True, False])
def test_exit_without_shutdown_is_1(tmp_path: Path, initialized: bool) -> None:
    with Session(tmp_path) as session:
        if initialized:
            session.initialize()
        session.send(method="exit")
        assert session.process.wait(60) == 1


def test_an_exit_that_does_not_wait_for_shutdown_is_0(tmp_path: Path) -> None:
    with Session(tmp_path, trace="off") as session:
        session.send(id=1, method="shutdown")
        session.send(method="exit")
        assert session.process.wait(60) == 0


def test_problems_go_to_the_clients_own_spelling(tmp_path: Path) -> None:
    folder = tmp_path / "packages" / "@org" / "api (v2)"
    folder.mkdir(parents=True)
    config = folder / "wrangler.toml"
    config.write_text("[[kv_namespaces]]\nbinding = 5\n", encoding="utf-8")
    root = tmp_path.as_uri()
    ours = f"{root}/packages/%40org/api%20%28v2%29/wrangler.toml"
    theirs = f"{root}/packages/@org/api%20(v2)/wrangler.toml"
    with Session(tmp_path, trace="off") as session:
        assert session.told(ours) == ["binding-not-string"]
        session.open(config.read_text("utf-8"), theirs)
        assert session.told(ours) == []  # immediately: no text may have them twice
        assert session.told(theirs) == ["binding-not-string"]
        changes = [{"text": '[[kv_namespaces]]\nbinding = "A"\n'}]
        version = {"uri": theirs, "version": 2}
        params = {"textDocument": version, "contentChanges": changes}
        session.send(method="textDocument/didChange", params=params)
        assert session.told(theirs) == []
        document = {"textDocument": {"uri": theirs}}
        session.send(method="textDocument/didClose", params=document)
        assert session.told(theirs) == ["binding-not-string"]  # as it is on disk
        config.write_text(CONFIG, encoding="utf-8")
        changed = {"changes": [{"uri": theirs, "type": 2}]}
        session.send(method="workspace/didChangeWatchedFiles", params=changed)
        assert session.told(theirs) == []
        assert session.end() == 0


def test_the_parents_id_is_watched(tmp_path: Path) -> None:
    """The editor has crashed, and another process still holds its end of the pipe."""
    editor = subprocess.Popen(own_command("lsp"), stdin=subprocess.PIPE)
    with editor, Session(tmp_path, processId=editor.pid) as session:
        editor.kill()
        editor.wait()
        assert session.process.wait(60) == 0


def test_a_parent_that_never_was_is_not_watched(tmp_path: Path) -> None:
    """In a container, the editor's id is from another machine."""
    with Session(tmp_path, processId=2**22 + 12345) as session:
        session.send(id=1, method="workspace/symbol", params={"query": ""})
        assert session.answer(1)["result"] == []
        assert session.end() == 0


def test_nothing_of_the_workspace_is_run(tmp_path: Path) -> None:
    """Python imports modules from the current folder and PYTHONPATH unless it is isolated."""
    mark = tmp_path / "was run"
    code = f"open({str(mark)!r}, 'w').close()\n"
    for name in ("sitecustomize", "usercustomize", "json", "asyncio", "kvlens", "pygls", "attrs"):
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    (tmp_path / "startup.pth").write_text(f"import sys; {code}", encoding="utf-8")
    here = str(tmp_path)
    environment = {"PYTHONPATH": here, "PYTHONSTARTUP": str(tmp_path / "json.py")}
    with Session(tmp_path, environment, trace="off") as session:
        session.send(id=1, method="workspace/symbol", params={"query": ""})
        assert session.answer(1)["result"] == []
        assert session.end() == 0
    assert not mark.exists()


AT = {"line": 1, "character": 12}
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    # method, params: what the server refuses with a reason
    "rename-to-no-name": ("textDocument/rename", {"position": AT, "newName": "a b"}),
    "rename-to-a-known-name": ("textDocument/rename", {"position": AT, "newName": "B"}),
    "command": ("workspace/executeCommand", {"command": "kvlens.get", "arguments": [{}]}),
    "no-command": ("workspace/executeCommand", {"command": "kvlens.nothing"}),
    "resolve": ("codeAction/resolve", {"title": "x", "data": ["x"]}),
}


@pytest.mark.parametrize("plain", ["0", "1"], ids=["fast path", "plain pygls"])
def test_a_refusal_is_an_answer_without_a_traceback(tmp_path: Path, plain: str) -> None:
    text = f'{CONFIG}[[kv_namespaces]]\nbinding = "B"\n'
    (tmp_path / "wrangler.toml").write_text(text, encoding="utf-8")
    with Session(tmp_path, {"KVLENS_PLAIN_PYGLS": plain}, trace="off") as session:
        session.open(text)
        for number, (method, params) in enumerate(REFUSED.values(), 1):
            document = {"textDocument": {"uri": session.uri}, **params}
            session.send(id=number, method=method, params=document)
            assert session.answer(number)["error"]["message"]
        assert session.end() == 0
        assert session.process.stderr
        assert b"Traceback" not in session.process.stderr.read()

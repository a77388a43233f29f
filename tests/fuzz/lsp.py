"""JSON-RPC messages to the language server: every request is answered, exactly once.

No response may be an internal error: invalid messages get specific errors.

The input is sent as a message's body. Real messages with some of their parts replaced, which the
input's bytes choose, follow it.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import json
import logging
import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from kvlens.lsp.fast_pygls import lazy_types

lazy_types.prepare()

from kvlens.internal import ISSUES  # noqa: E402
from kvlens.lsp import server as lsp_server  # noqa: E402
from kvlens.lsp.fast_pygls import converter, transport  # noqa: E402  after `prepare`

URI = "file:///project/wrangler.toml"
SOURCE = "file:///project/src/index.ts"
PLACE: dict[str, Any] = {"textDocument": {"uri": URI}, "position": {"line": 2, "character": 3}}
AREA = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 5}}
TEXT = 'name = "shop"\n\n[[kv_namespaces]]\nbinding = "CARTS"\nid = "<id>"\n'
DOCUMENT = {"textDocument": {"uri": URI}}
METHODS: dict[str, Any] = {
    "textDocument/hover": PLACE,
    "textDocument/completion": {**PLACE, "context": {"triggerKind": 1}},
    "textDocument/definition": PLACE,
    "textDocument/references": {**PLACE, "context": {"includeDeclaration": True}},
    "textDocument/rename": {**PLACE, "newName": "BASKETS"},
    "textDocument/prepareRename": PLACE,
    "textDocument/codeLens": DOCUMENT,
    "codeLens/resolve": {"range": AREA, "data": [1, 1, 0, 0]},
    "textDocument/codeAction": {**DOCUMENT, "range": AREA, "context": {"diagnostics": []}},
    "textDocument/documentSymbol": DOCUMENT,
    "textDocument/foldingRange": DOCUMENT,
    "textDocument/documentLink": DOCUMENT,
    "textDocument/inlayHint": {**DOCUMENT, "range": AREA},
    "textDocument/formatting": {**DOCUMENT, "options": {"tabSize": 2, "insertSpaces": True}},
    "textDocument/diagnostic": DOCUMENT,
    "workspace/diagnostic": {"previousResultIds": []},
    "workspace/symbol": {"query": "CA"},
    "workspace/executeCommand": {
        "command": "kvlens.get",
        "arguments": [{"config": URI, "binding": "CARTS", "key": "k"}],
    },
    "shutdown": None,
    "textDocument/semanticTokens/full": DOCUMENT,
    "textDocument/semanticTokens/full/delta": {**DOCUMENT, "previousResultId": "1"},
    "textDocument/semanticTokens/range": {**DOCUMENT, "range": AREA},
    "textDocument/selectionRange": {**DOCUMENT, "positions": []},
    "no/such": [1, {"type_name": 5, "a-b": "class"}],
}
NOTES: dict[str, Any] = {
    "textDocument/didOpen": {
        "textDocument": {"uri": URI, "languageId": "plaintext", "version": 1, "text": TEXT}
    },
    "textDocument/didChange": {
        "textDocument": {"uri": URI, "version": 2},
        "contentChanges": [{"range": AREA, "text": "x"}, {"text": TEXT}],
    },
    "textDocument/didSave": DOCUMENT,
    "textDocument/didClose": DOCUMENT,
    "workspace/didChangeConfiguration": {"settings": {"rules": {"id-empty": "off"}}},
    "workspace/didChangeWatchedFiles": {"changes": [{"uri": URI, "type": 2}]},
    "workspace/didChangeWorkspaceFolders": {"event": {"added": [], "removed": []}},
    "$/cancelRequest": {"id": 1},
    "$/setTrace": {"value": "off"},
    "window/workDoneProgress/cancel": {"token": "x"},
    "initialized": {},
}


def message(**fields: Any) -> bytes:
    """Return the body of a message."""
    return json.dumps({"jsonrpc": "2.0", **fields}).encode()


EXAMPLES = (
    *(message(id=1, method=method, params=params) for method, params in METHODS.items()),
    *(message(method=method, params=params) for method, params in NOTES.items()),
    message(id=1, result=None),
    message(id="x", error={"code": -1, "message": "no"}),
)
WORDS = (
    *(b'"jsonrpc":"2.0"', b'"id":', b'"id":1', b'"id":null', b'"id":1.5', b'"id":"a"', b'"id":{}'),
    *(b'"method":"textDocument/hover"', b'"method":"exit"', b'"method":"initialize"', b'"params":'),
    *(b"null", b"true", b"{}", b"[]", b"-1", b"1.5", b"2147483648", b'"result":null', b'"error":'),
)
_NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**53, 10**400, -(10**30), float("nan"), "", "x"),
    *([], {}, [None], [[]], {"a": None}, "\ud800", "file:///%ff", "x" * 5000, "untitled:1", URI),
    *({"line": -1, "character": 0}, {"line": 2**31 - 1, "character": 2**31 - 1}, SOURCE),
    *("file:///C%3A/a/wrangler.toml", "file://host/share/wrangler.toml", "http://[::1"),
)


make_converter = functools.cache(converter.make_converter)  # it compiles what it converts


_REQUESTS, _NOTES = list(METHODS.items()), list(NOTES.items())


class _Session:
    """A server session, and its responses."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        logging.disable(logging.CRITICAL)
        self.answers: list[Any] = []
        self.asked: list[Any] = []
        self.failed: list[bytes] = []  # reports of internal errors
        self.begin()

    def begin(self) -> None:
        """Start a session as an editor does."""
        with patch.object(transport, "make_converter", make_converter):
            self.server = lsp_server.Server()
        self.server.protocol.set_writer(self)
        folder = {"uri": self.folder.as_uri(), "name": "x"}
        params = {"capabilities": {}, "processId": os.getpid(), "workspaceFolders": [folder]}
        self.send(message(id=0, method="initialize", params=params))
        self.send(message(method="initialized", params={}))
        self.send(message(method="textDocument/didOpen", params=NOTES["textDocument/didOpen"]))

    def write(self, data: bytes) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        assert head == b"Content-Length: %d" % len(body)
        said = json.loads(body)
        if ISSUES.encode() in body:  # a request to report an unexpected error
            self.failed.append(body[:300])
        if "method" not in said:
            self.answers.append(said["id"])
        elif "id" in said:
            self.asked.append(said["id"])

    def close(self) -> None:
        """Do nothing: the process must not end."""

    def send(self, body: bytes) -> list[Any]:
        """Send one body; return the answered ids once all work is done."""
        self.answers, self.failed = [], []
        self.loop.run_until_complete(self._send(body))
        return self.answers

    async def _send(self, body: bytes) -> None:
        self.server.protocol.receive(body)
        for turn in range(400):
            while self.asked:
                self.server.protocol.receive(message(id=self.asked.pop(), result=None))
            if not self.server.protocol._request_futures:
                return
            await asyncio.sleep(0 if turn < 200 else 0.01)


_session: _Session | None = None


def target(data: bytes) -> None:
    """Send the input, and messages made from it."""
    global _session
    if _session is None:
        _session = _Session()
    _exchange(_session, data)
    source = random.Random(data)
    for _ in range(4):
        _exchange(_session, _mutant(source))


def _exchange(session: _Session, body: bytes) -> None:
    answered = session.send(body)
    assert answered == _expected(body), f"{answered} in answer to {body[:300]!r}"
    assert not session.failed, f"{session.failed[0]!r} to {body[:300]!r}"
    if session.server.protocol._shutdown:
        session.begin()


def _expected(body: bytes) -> list[Any]:
    """Return the ids that must be answered: a request's own, null if it can't be read."""
    try:
        text = body.decode()
        said = json.loads(
            text, parse_int=lambda digits: int(digits) if len(digits) <= 4300 else 1.5
        )
    except (ValueError, RecursionError):
        return [None]
    if not isinstance(said, dict):
        return [None]
    number = said.get("id")
    if number is not None and (isinstance(number, bool) or not isinstance(number, (int, str))):
        return [None]
    if said.get("jsonrpc") != "2.0" or not isinstance(said.get("method", ""), str):
        return [number] if "id" in said else []
    if "method" not in said:
        return [] if "result" in said or "error" in said else [number]
    return [number] if "id" in said else []


def _mutant(source: random.Random) -> bytes:
    """Return a real message with some of its parts replaced."""
    is_request = source.random() < 0.8
    method, params = source.choice(_REQUESTS if is_request else _NOTES)
    if method == "shutdown" and source.random() < 0.9:  # starting a session is slow
        method, params = "textDocument/hover", PLACE
    said = json.loads(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))
    if is_request or source.random() < 0.1:
        said["id"] = source.choice((1, 2**40, "a", -1, 7))
    for _ in range(source.randint(0, 3)):
        holders = list(_containers(said["params"])) if source.random() < 0.9 else [said]
        holder = source.choice(holders) if holders else said
        place = source.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        if source.random() < 0.25 and isinstance(holder, dict):
            del holder[place]
        else:
            holder[place] = json.loads(json.dumps(source.choice(_NASTY)))
        if "params" not in said:
            break
    return json.dumps(said).encode()


def _containers(part: Any) -> list[Any]:
    """Return every object and array in a message that isn't empty."""
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    found = [deeper for one in inside for deeper in _containers(one)]
    return [part, *found] if isinstance(part, (dict, list)) and part else found

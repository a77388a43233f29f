"""Every answer names files as the client does: encoded or not, and behind a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.lsp.test_protocol import Session

CONFIG = """\
main = "src/index.ts"

[[kv_namespaces]]
binding = "TEAS"
id = ""

[env.prod]
name = "prod"
"""
INDEX = """\
import { save } from "./[id]/save (1)";
export default {
  async fetch(request: Request, env: Env) {
    await save(env.TEAS);
    return new Response(await env.TEAS.get("tea:1", "txt"));
  },
};
"""
SAVE = 'export const save = (kv: KVNamespace) => kv.put(`tea:${1 + 1}`, "x");\nenv.TEAS;\n'
FILES = {"wrangler.toml": CONFIG, "src/index.ts": INDEX, "src/[id]/save (1).ts": SAVE}
FOLDER = "a+b [c] (d) @e"


def _encoded(path: Path) -> str:
    return "file://" + quote(str(path))


def _plain(path: Path) -> str:
    return "file://" + quote(str(path), safe="/+[]()@")


def _localhost(path: Path) -> str:
    return "file://localhost" + quote(str(path))


def _dots(path: Path) -> str:
    return "file:///./x/.." + quote(str(path))


SPELLINGS: dict[str, tuple[Callable[[Path], str], bool]] = {
    # how the client spells, whether its folder is a link
    "encoded": (_encoded, False),
    "plain": (_plain, False),
    "localhost": (_localhost, False),
    "dots": (_dots, False),
    "link": (_encoded, True),
    "plain-link": (_plain, True),
}


def places(value: Any) -> Iterator[str]:
    """Yield all URIs of files in a message."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(key)
            yield from places(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from places(inner)
    elif isinstance(value, str) and value.startswith("file:"):
        yield value


@pytest.mark.parametrize(("spell", "is_link"), SPELLINGS.values(), ids=SPELLINGS)
def test_answers_are_in_the_clients_spelling(
    tmp_path: Path, spell: Callable[[Path], str], is_link: bool
) -> None:
    folder = tmp_path / FOLDER
    real = tmp_path / "real" if is_link else folder
    for name, text in FILES.items():
        (real / name).parent.mkdir(parents=True, exist_ok=True)
        (real / name).write_text(text, "utf-8", newline="\n")
    if is_link:
        folder.symlink_to(real, target_is_directory=True)
    base = spell(folder)
    config, index = f"{base}/wrangler.toml", f"{base}/src/index.ts"
    known = {spell(folder / name) for name in FILES} | {base}
    folders = [{"uri": base, "name": "x"}]
    with Session(folder, workspaceFolders=folders, rootUri=base, trace="off") as session:
        session.open(CONFIG, config)
        item = {"uri": index, "languageId": "typescript", "version": 1, "text": INDEX}
        session.send(method="textDocument/didOpen", params={"textDocument": item})
        for number, (method, params) in enumerate(_requests(config, index)):
            session.send(id=number, method=method, params=params)
            messages = list(_until(session, number))
            result = messages[-1]["result"]
            found = {uri.partition("#")[0] for one in messages for uri in places(one)}
            assert result, method
            assert found <= known, method
        assert session.end() == 0


def _until(session: Session, number: int) -> Iterator[dict[str, Any]]:
    while True:
        message = session.read()
        yield message
        if message.get("id") == number and "method" not in message:
            return


def _requests(config: str, index: str) -> Iterator[tuple[str, Any]]:
    in_config = {"textDocument": {"uri": config}, "position": {"line": 3, "character": 12}}
    in_code = {"textDocument": {"uri": index}, "position": {"line": 3, "character": 21}}
    on_key = {"textDocument": {"uri": index}, "position": {"line": 4, "character": 44}}
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 6, "character": 0}}
    yield "textDocument/definition", in_code
    for place in (in_config, in_code, on_key):
        yield "textDocument/references", {**place, "context": {"includeDeclaration": True}}
    for place in (in_config, in_code):
        yield "textDocument/rename", {**place, "newName": "CUPS"}
    yield "textDocument/prepareCallHierarchy", on_key
    yield "workspace/symbol", {"query": ""}
    for uri in (config, index):
        yield (
            "textDocument/codeAction",
            {"textDocument": {"uri": uri}, "range": everything, "context": {"diagnostics": []}},
        )
    yield "workspace/executeCommand", {"command": "kvlens.namespaces", "arguments": []}

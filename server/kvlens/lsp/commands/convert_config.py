"""`kvlens.convertConfig`: a config in another language, and the file where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from kvlens.config.find import read_config
from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_project
from kvlens.operations.convert_config import (
    LANGUAGES,
    convert_config,
    converted_path,
)
from kvlens.stopping import in_thread

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    to: Literal["jsonc", "toml", "ts"]
    """`ts` is a cloudflare.config.ts."""


class Notice(TypedDict):
    """What has no equivalent in the other language; it is a comment there."""

    line: int
    """In the original, from 1."""
    message: str


class Result(TypedDict):
    text: str
    file: str
    """URI of the file where it belongs. Nothing is written."""
    notices: list[Notice]


async def run(server: Server, params: Params) -> Result:
    """Convert the config as the editor has it, without writing anything."""
    project = await find_project(server, params)
    to = params.text("to")
    if to not in LANGUAGES:
        raise ParamsError(f'"to" is {to!r:.80}; it takes {", ".join(LANGUAGES)}')
    uri = params.get("config", str) or server.uri(project.path)
    document = server.documents.get(uri)
    text = document.text if document else read_config(project.path)
    done = await in_thread(convert_config, text, str(project.path), to)
    return {
        "text": done.text,
        "file": server.uri(converted_path(project.path, to)),
        "notices": [{"line": line, "message": message} for line, message in done.notices],
    }


COMMAND = Command(run, needs_trust=False)

"""One language server for all tests here: the real command, over its real pipes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from kvlens.process import own_command
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import register_lsp_features

PEERS = Path(__file__).parents[1] / "interop" / "node_modules" / ".bin"  # workerd is there
CONFIG = """\
name = "shop"

[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[kv_namespaces]]
binding = "PRICES"
id = "068c101e168d03c65bddf4ba75150fb0"
preview_id = "fb69528dbc7336525313f2e8c3b17db0"

[[env.prod.kv_namespaces]]
binding = "CARTS"
id = "1f2ac74b498b48028cb68387c421e270"
"""


class Editor(LanguageClient):
    """A client that records what the server sends."""

    notes: list[tuple[str, Any]]
    edits: list[types.ApplyWorkspaceEditParams]
    asked: list[types.ShowMessageRequestParams]
    answer: str | None  # the answer to questions that offer it
    meanwhile: Callable[[], Awaitable[Any]] | None  # done once before the next answer
    folder: Path
    initialized_with: types.InitializeResult


def make_editor() -> Editor:
    """Return a client with the server's own notifications and edits handled."""
    client = Editor(converter_factory=default_converter)
    register_lsp_features(client)
    client.notes, client.edits, client.asked, client.answer = [], [], [], None
    client.meanwhile = None
    for method in (
        "kvlens/changed",
        "kvlens/history",
        "kvlens/status",
        "kvlens/worker",
        "kvlens/output",
        "kvlens/view",
        "kvlens/comparison",
    ):

        def keep(params: Any, method: str = method) -> None:
            client.notes.append((method, params))

        client.feature(method)(keep)

    def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        client.edits.append(params)
        return types.ApplyWorkspaceEditResult(applied=True)

    client.feature(types.WORKSPACE_APPLY_EDIT)(apply_edit)

    async def show(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        client.asked.append(params)
        meanwhile, client.meanwhile = client.meanwhile, None
        if meanwhile:
            await meanwhile()
        return next((one for one in params.actions or [] if one.title == client.answer), None)

    client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(show)
    return client


def capabilities() -> types.ClientCapabilities:
    """Return the capabilities of these tests' editor."""
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=["utf-16"]),
        window=types.WindowClientCapabilities(work_done_progress=True),
    )


@asynccontextmanager
async def connected(
    folder: Path,
    options: dict[str, Any] | None = None,
    *,
    names: Sequence[str] = ("",),
    root: str | None = None,
    able: types.ClientCapabilities | None = None,
    env: dict[str, str] | None = None,
) -> AsyncIterator[Editor]:
    """A separate server with a folder open, or with its named subfolders; `root` is one too."""
    config = ClientServerConfig(
        server_command=own_command("lsp"), client_factory=make_editor, server_env=env
    )
    client: Any = await config.start()
    client.folder = folder
    folders = [folder / name for name in names]
    client.initialized_with = await client.initialize_session(
        types.InitializeParams(
            capabilities=able or capabilities(),
            root_uri=None if root is None else (folder / root).as_uri(),
            workspace_folders=[types.WorkspaceFolder(one.as_uri(), one.name) for one in folders],
            initialization_options=options,
        )
    )
    yield client
    await client.shutdown_session()
    await client.stop()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A separate project."""
    folder = tmp_path_factory.mktemp("a shop ŋ")
    (folder / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    return folder


@pytest_lsp.fixture(  # type: ignore[untyped-decorator]
    scope="session",
    config=ClientServerConfig(
        server_command=own_command("lsp"),
        client_factory=make_editor,
        server_env={**os.environ, "PATH": f"{PEERS}{os.pathsep}{os.environ['PATH']}"},
    ),
)
async def editor(lsp_client: Editor, folder: Path) -> AsyncIterator[None]:
    """The server with the project open, its emulator running."""
    lsp_client.folder = folder
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities(),
            workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name)],
            initialization_options={"store": "memory:", "output": True},
        )
    )
    yield
    await lsp_client.shutdown_session()


async def run(editor: LanguageClient, command: str, **params: Any) -> Any:
    """Run a command with its one object of parameters."""
    asked = types.ExecuteCommandParams(command, [params])
    return await editor.workspace_execute_command_async(asked)


async def until(true: Callable[[], Any], within: float = 20) -> Any:
    """Wait until a result is true and return it."""
    deadline = asyncio.get_running_loop().time() + within
    while not (found := true()):
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.02)
    return found

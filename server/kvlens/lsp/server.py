"""The server: its state, and the tables of notifications and requests that it handles."""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib
import traceback
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from kvlens import __version__
from kvlens.config.find import is_config, is_seed_path
from kvlens.config.highlight import KINDS
from kvlens.config.project_context import is_context_file
from kvlens.config.references import is_reference_file
from kvlens.files import is_regular
from kvlens.internal import ISSUES, internal_error_message
from kvlens.lint import project_file
from kvlens.lint.check_files import is_named_after_binding, load_config
from kvlens.lint.severities import Severities
from kvlens.lsp import child_events, execute_command
from kvlens.lsp.client import Client
from kvlens.lsp.diagnostics import Diagnostics
from kvlens.lsp.documents import Document, Documents
from kvlens.lsp.fast_pygls import switch
from kvlens.lsp.notifications import CHANGED
from kvlens.lsp.projects import Projects, ServedProject
from kvlens.lsp.protocol import REQUEST_FAILED
from kvlens.lsp.settings import Settings, read_settings
from kvlens.lsp.spelling import Spelling, file_path, is_possible
from kvlens.lsp.subprocesses import ChildError
from kvlens.text import UTF16
from kvlens.visible import notice

if TYPE_CHECKING or switch.is_on():
    from kvlens.lsp.fast_pygls.transport import StdioServer
else:
    from kvlens.lsp.plain_pygls import StdioServer

if TYPE_CHECKING:
    from kvlens.lsp.comparisons import Comparisons
    from kvlens.lsp.schema import Changed
    from kvlens.lsp.seed_files import SeedFiles
    from kvlens.lsp.sources import Sources
    from kvlens.lsp.views import Views

LEVELS = {
    "error": types.MessageType.Error,
    "warning": types.MessageType.Warning,
    "info": types.MessageType.Info,
}


class Server(StdioServer):
    """One session with an editor."""

    def __init__(self) -> None:
        super().__init__("kvlens", __version__)
        self.documents = Documents()
        self.diagnostics = Diagnostics(self)
        self._sources: Sources | None = None
        self._seed_files: SeedFiles | None = None
        self._views: Views | None = None
        self._comparisons: Comparisons | None = None
        self.settings = Settings()
        self.severities = Severities()
        self.projects = Projects(self.settings, functools.partial(child_events.handle, self))
        self.found = asyncio.Event()  # set once the current folders have been searched
        self._searching = asyncio.Lock()
        self._searches = 0
        self.client = Client(self)
        self._spelling = Spelling()
        self._complaints: list[str] = []
        self.shows_output = False
        """Whether the client shows the output of Workers."""
        self.has_palette = False
        """Whether the client has the commands of the VS Code extension, which ask for the rest."""
        self._tasks: set[asyncio.Task[None]] = set()
        for method, handler in STATE.items():
            self.feature(method)(functools.partial(getattr(Server, handler), self))
        for method, (module, options) in FEATURES.items():
            self.feature(method, options)(functools.partial(_answer, module, self))
        for name in execute_command.COMMANDS:
            self.command(name)(_announced)

    # start and end -----------------------------------------------------------------------

    def initialize(self, params: types.InitializeParams) -> None:
        """Read the settings. Slow work waits until after the response."""
        self.watch_parent(params.process_id)
        options = getattr(params, "initialization_options", None)
        self.settings, self._complaints = read_settings(options)
        self.projects.settings = self.settings
        self.severities = Severities(self.settings.rules)
        self.shows_output = isinstance(options, dict) and options.get("output") is True
        self.has_palette = isinstance(options, dict) and options.get("palette") is True
        for method, module in () if self.has_palette else CALLS.items():
            self.feature(method)(functools.partial(_answer, module, self))
        root = self.workspace.root_uri
        if root and not params.workspace_folders:  # a client without folders
            self.workspace.add_folder(types.WorkspaceFolder(uri=root, name=root))
        text_document = params.capabilities.text_document
        asks = text_document is not None and text_document.diagnostic is not None
        if asks and not (isinstance(options, dict) and options.get("push")):
            self.diagnostics.pulled = True
            for method, handler in PULL.items():
                self.feature(method, PULL_OPTIONS)(functools.partial(_answer, handler, self))

    def initialized(self, _: types.InitializedParams) -> None:
        """Search the workspace for configs, and start the emulator if the settings say so."""
        self.documents.encoding = _encoding(self.workspace.position_encoding)
        for complaint in self._complaints:
            self.show_message("warning", complaint)
        self.create_task(self._scan_folders())
        self.client.watch_configs()

    async def shutdown_children(self, _: Any = None) -> None:
        """Cancel tasks and stop all child processes."""
        if self._views:
            self._views.close_all()
        if self._comparisons:
            await self._comparisons.close_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.projects.close()

    async def execute(self, params: types.ExecuteCommandParams) -> Any:
        """Run a command."""
        return await execute_command.run(self, params)

    # texts ----------------------------------------------------------------------------------

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Handle an opened text."""
        self._spelling.remember(params.text_document.uri)
        document = self.documents.open(params.text_document)
        self.diagnostics.did_open(document)
        path = self.path(document.uri)
        if self._is_seed(path, document):
            self.seed_files.did_open(document, str(path))
        elif path.suffix != ".json" and not is_config(path):
            self.sources.did_open(document)

    def _is_seed(self, path: Path, document: Document) -> bool:
        """Return whether an open text is that of a seed file."""
        if path.suffix != ".json":
            return False
        if self._is_named_seed(path):
            return not is_config(path)
        # an object that isn't named after a binding is other data
        return is_seed_path(path) and (
            document.text.lstrip()[:1] != "{" or is_named_after_binding(path, load_config)
        )

    def _is_named_seed(self, path: Path) -> bool:
        """Return whether the project file names a seed file."""
        return path.suffix == ".json" and self.severities.file(path).seeds.names(path)

    def did_change(self, params: dict[str, Any]) -> None:
        """Handle an edit: DidChangeTextDocumentParams in JSON."""
        edited = params["textDocument"]
        document = self.documents.get(edited["uri"])
        if document is not None:
            document.change(params["contentChanges"])
            document.version = edited["version"]
            self.diagnostics.did_change(document)
            if self._sources:
                self._sources.did_change(document)
            if self._seed_files:
                self._seed_files.did_change(document)

    def did_save(self, params: types.DidSaveTextDocumentParams) -> None:
        """Handle a saved text: the tree shows the saved file."""
        self.create_task(self._files_changed([params.text_document.uri]))
        if self._seed_files:
            self._seed_files.did_save(params.text_document.uri)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Handle a closed text."""
        self.documents.close(params.text_document.uri)
        self.diagnostics.did_close(params.text_document.uri)
        if self._sources:
            self._sources.did_close(params.text_document.uri)
        if self._seed_files:
            self._seed_files.did_close(params.text_document.uri)

    def did_change_watched_files(self, params: types.DidChangeWatchedFilesParams) -> None:
        """Handle file changes on disk."""
        self.create_task(self._files_changed([change.uri for change in params.changes]))

    def did_change_workspace_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """Handle added and removed folders."""
        for folder in params.event.added:
            self.workspace.add_folder(folder)  # pygls removes last: also one that was renamed
        self.found.clear()
        self.create_task(self._scan_folders())

    def did_change_configuration(self, params: types.DidChangeConfigurationParams) -> None:
        """Handle changed settings."""
        settings, complaints = read_settings(params.settings, trusted=self.settings.trusted)
        for complaint in complaints:
            self.show_message("warning", complaint)
        if settings != self.settings:
            before, self.settings = self.settings, settings
            if before.rules != settings.rules:
                self.severities = Severities(settings.rules)
                self._check_again()
            if before.semanticHighlighting != settings.semanticHighlighting:
                self.client.refresh_tokens()
            self.client.refresh_shown()
            self.create_task(self._apply_settings(settings))

    @property
    def sources(self) -> Sources:
        """The Workers' sources, imported at first use."""
        if self._sources is None:
            from kvlens.lsp.sources import Sources

            self._sources = Sources(self)
        return self._sources

    @property
    def seed_files(self) -> SeedFiles:
        """The open seed files, imported at first use."""
        if self._seed_files is None:
            from kvlens.lsp.seed_files import SeedFiles

            self._seed_files = SeedFiles(self)
        return self._seed_files

    @property
    def views(self) -> Views:
        """The open tables of keys, imported at first use."""
        if self._views is None:
            from kvlens.lsp.views import Views

            self._views = Views(self)
        return self._views

    @property
    def comparisons(self) -> Comparisons:
        """The open comparisons of namespaces, imported at first use."""
        if self._comparisons is None:
            from kvlens.lsp.comparisons import Comparisons

            self._comparisons = Comparisons(self)
        return self._comparisons

    # helpers for commands -------------------------------------------------------------------

    def path(self, uri: str) -> Path:
        """Return the path of a `file:` URI, or the text itself if it is already a path.

        If no file can have that path, returns one that doesn't exist.
        """
        path = (file_path(uri) if "://" in uri else None) or uri
        return Path(path if is_possible(path) else ascii(path)[:100])

    def uri(self, path: Path) -> str:
        """Return a path's URI in the client's spelling."""
        return self._spelling.of(str(path), self._folders())

    def show_message(self, level: str, message: str) -> None:
        """Show the user a message ("error", "warning", "info")."""
        self.window_show_message(types.ShowMessageParams(LEVELS[level], notice(message)))

    async def ask(self, question: str, *answers: str) -> str | None:
        """Ask the user, and return the chosen answer; None if the question was dismissed."""
        actions = [types.MessageActionItem(notice(answer)) for answer in answers]
        asked = types.ShowMessageRequestParams(LEVELS["warning"], notice(question), actions)
        chosen = await self.window_show_message_request_async(asked)
        return chosen.title if chosen else None

    def keys_changed(self, project: ServedProject, moved: tuple[str, str] | None = None) -> None:
        """Notify the client that keys or namespaces of a project changed.

        `moved` are the ids between which keys were moved.
        """
        note: Changed = {"config": self.uri(project.path)}
        if moved:
            note["moved"] = {"old": moved[0], "new": moved[1]}
        self.protocol.notify(CHANGED, note)
        self.refresh_views(project.path, None)

    def refresh_views(self, config: Path, store_id: str | None) -> None:
        """Read keys again that are shown: those of a namespace, or of all namespaces."""
        if self._views:
            self._views.keys_changed(config, store_id)
        if self._comparisons:
            self._comparisons.keys_changed(config, store_id)

    def log(self, level: str, message: str) -> None:
        """Write a line to the client's log."""
        self.window_log_message(types.LogMessageParams(LEVELS.get(level, LEVELS["info"]), message))

    def create_task(self, work: Any) -> None:
        """Run a coroutine in the background, and log its errors."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log an internal error instead of showing it to the user."""
        if isinstance(error, JsonRpcException) and source is not None:
            return  # it is already in the response to a request
        lines = "".join(traceback.format_exception(error)).rstrip()
        self.log("error", f"Internal error. Please report this at {ISSUES}:\n{lines}")

    def _folders(self) -> list[str]:
        """Return the workspace folders' URIs as the client writes them; pygls decodes its keys."""
        if not self.protocol.is_initialized:
            return []
        return [folder.uri for folder in self.workspace.folders.values()]

    def folder_paths(self) -> list[Path]:
        """Return the workspace's folders on disk."""
        # a virtual workspace has no files here: other schemes don't name paths
        paths = (file_path(uri) for uri in self._folders() if uri.startswith("file:"))
        return [Path(path) for path in paths if path]

    # internals ---------------------------------------------------------------------------------

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except ChildError as error:
            self.log("error", str(error))
        except Exception as error:
            self.report_server_error(error, None)

    async def _scan_folders(self) -> None:
        self._searches = number = self._searches + 1
        async with self._searching:  # a slow search must not undo a later one
            if number < self._searches:
                return  # a later one is waiting
            before = {project.path for project in self.projects}
            try:
                await self.projects.find(self.folder_paths())
            finally:
                if number == self._searches:
                    self.found.set()
        for path in before - {project.path for project in self.projects}:
            self.diagnostics.forget(self.uri(path))
            if self._views:
                self._views.project_closed(path)
            if self._comparisons:
                self._comparisons.project_closed(path)
        self.protocol.notify(CHANGED, {})
        self.check_sources()
        for project in self.projects:
            self.offer_moves(project)
            self.diagnostics.check_file(project.path, self.uri(project.path))
            await asyncio.sleep(0)  # let the user's edits go first
        await self.diagnostics.check_project_files()
        await self._start_alone()

    async def _files_changed(self, uris: list[str]) -> None:
        paths = [self.path(uri) for uri in uris]
        if any(path.name in project_file.NAMES for path in paths):
            self.severities.forget()
            self._check_again()
            await asyncio.gather(*(project.follow() for project in self.projects))
            self.protocol.notify(CHANGED, {})
        elif any(is_context_file(path) for path in paths):
            self._check_again()
        elif any(self._is_named_seed(path) or is_config(path) for path in paths):
            self.create_task(self.diagnostics.check_project_files())  # which may name it
        if self._sources:
            self._sources.files_changed(uris)
        names_configs = any(is_reference_file(path) for path in paths)
        configs = [self.uri(path) for path in paths if is_config(path)]
        if not configs:
            if names_configs:
                await self._scan_folders()
            return
        for uri in configs:
            self.diagnostics.check_file(self.path(uri), uri)
        known = [self.projects.get(self.path(uri)) for uri in configs]
        await asyncio.gather(*(project.follow() for project in known if project))
        self.check_sources()
        for project in known:
            if project:
                self.offer_moves(project)
                self.keys_changed(project)
        is_new = not all(known) or not all(is_regular(self.path(uri)) for uri in configs)
        if names_configs or is_new:
            await self._scan_folders()
        if self._sources:
            self._sources.check_all()  # what they are checked against has changed

    def offer_moves(self, project: ServedProject) -> None:
        """Offer to move the keys of namespaces that the config renamed."""
        found, project.renamed = project.renamed, []
        for pair in found:
            from kvlens.lsp import moving  # late: rarely needed

            self.create_task(moving.offer(self, project, pair))

    def check_sources(self) -> None:
        """Check the open sources again: a config or a setting has changed."""
        if self._sources:
            self._sources.check_all()

    def _check_again(self) -> None:
        self.diagnostics.did_change_configuration()
        for project in self.projects:
            self.diagnostics.check_file(project.path, self.uri(project.path))
        self.check_sources()
        if self._seed_files:
            self._seed_files.check_all()
        for document in self.documents.all():
            path = self.path(document.uri)
            if path.suffix == ".json":
                is_seed = self._is_seed(path, document)
                self.seed_files.sort(document, str(path), is_seed=is_seed)
        self.create_task(self.diagnostics.check_project_files())

    async def _apply_settings(self, settings: Settings) -> None:
        await self.projects.use(settings)
        await self._start_alone()

    async def _start_alone(self) -> None:
        """Start the emulator of the only project, if the settings say so."""
        if not self.settings.starts_alone or len(self.projects) != 1:
            return
        for project in self.projects:
            try:
                await project.emulator.start()
            except ChildError as error:
                self.show_message("error", str(error))


def _encoding(agreed: types.PositionEncodingKind | str | None) -> str:
    return str(getattr(agreed, "value", agreed or UTF16))


async def _announced(*_: Any) -> None:
    """A placeholder that makes pygls announce the command; `ServerProtocol` runs it."""


async def _answer(module: str, server: Server, params: Any) -> Any:
    """Answer a request with the feature's module, imported on first use."""
    try:
        return await importlib.import_module(f"kvlens.lsp.{module}").answer(server, params)
    except JsonRpcException:
        raise
    except Exception as error:
        server.report_server_error(error, None)
        raise JsonRpcException(
            f"{module}: {internal_error_message(error)}", REQUEST_FAILED
        ) from None


TOKENS = types.SemanticTokensLegend([*KINDS], [])
FEATURES: dict[str, tuple[str, Any]] = {
    # method: (the module here whose `answer(server, params)` handles it, the announced options)
    types.TEXT_DOCUMENT_COMPLETION: (
        "completion",
        types.CompletionOptions(trigger_characters=['"', "'", "[", "{", ".", "=", ":"]),
    ),
    types.TEXT_DOCUMENT_HOVER: ("hover", None),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: (
        "signature_help",
        types.SignatureHelpOptions(trigger_characters=["(", ","]),
    ),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: ("document_highlight", None),
    types.TEXT_DOCUMENT_SELECTION_RANGE: ("selection_range", None),
    types.TEXT_DOCUMENT_CODE_LENS: ("code_lens", types.CodeLensOptions(resolve_provider=True)),
    types.CODE_LENS_RESOLVE: ("code_lens_resolve", None),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        "code_actions",
        types.CodeActionOptions(
            ["quickfix", "refactor.extract", "refactor.rewrite", "source.fixAll.kvlens"],
            resolve_provider=True,
        ),
    ),
    types.CODE_ACTION_RESOLVE: ("code_action_resolve", None),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: ("symbols", None),
    types.TEXT_DOCUMENT_FOLDING_RANGE: ("folding", None),
    types.TEXT_DOCUMENT_DOCUMENT_LINK: ("links", types.DocumentLinkOptions()),
    types.TEXT_DOCUMENT_DEFINITION: ("definition", None),
    types.TEXT_DOCUMENT_REFERENCES: ("references", None),
    types.TEXT_DOCUMENT_RENAME: ("rename", types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_PREPARE_RENAME: ("rename_prepare", None),
    types.TEXT_DOCUMENT_INLAY_HINT: ("inlay_hints", types.InlayHintOptions()),
    types.WORKSPACE_SYMBOL: ("workspace_symbols", None),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: ("semantic_tokens", TOKENS),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA: ("semantic_tokens_delta", TOKENS),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE: ("semantic_tokens_range", TOKENS),
}
CALLS = {
    # except for VS Code, which asks only one extension for the hierarchy of a file's functions
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: "call_hierarchy",
    types.CALL_HIERARCHY_INCOMING_CALLS: "incoming_calls",
    types.CALL_HIERARCHY_OUTGOING_CALLS: "outgoing_calls",
}
PULL = {
    # for a client that pulls problems, unless it sets the option `push`
    types.TEXT_DOCUMENT_DIAGNOSTIC: "pull",
    types.WORKSPACE_DIAGNOSTIC: "pull_all",
}
PULL_OPTIONS = types.DiagnosticOptions(inter_file_dependencies=False, workspace_diagnostics=True)
STATE: dict[str, str] = {
    # method: its handler, called in the order of the messages
    types.INITIALIZE: "initialize",
    types.INITIALIZED: "initialized",
    types.SHUTDOWN: "shutdown_children",
    types.TEXT_DOCUMENT_DID_OPEN: "did_open",
    types.TEXT_DOCUMENT_DID_CHANGE: "did_change",
    types.TEXT_DOCUMENT_DID_SAVE: "did_save",
    types.TEXT_DOCUMENT_DID_CLOSE: "did_close",
    types.WORKSPACE_EXECUTE_COMMAND: "execute",
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: "did_change_watched_files",
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: "did_change_workspace_folders",
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: "did_change_configuration",
}


def run() -> int:
    """Serve on standard input and output until the client ends it."""
    server = Server()
    server.start_io()
    gc.freeze()  # Python need not look through all that was read before it ends
    return server.exit_code

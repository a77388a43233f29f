"""What the client can do, and what it is asked to do again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.lens_refresh import LensRefresh

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


class Client:
    """The client of a server, after it has said what it can do."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.refresh_lenses = LensRefresh(self._ask_for_lenses)

    @property
    def resolves_edits(self) -> bool:
        """Whether the client asks for the edit of a code action when it is chosen."""
        text_document = self._server.client_capabilities.text_document
        able = text_document.code_action if text_document is not None else None
        resolved = able.resolve_support if able is not None else None
        return resolved is not None and "edit" in resolved.properties

    @property
    def creates_files(self) -> bool:
        """Whether the edits that the client applies may create files."""
        workspace = self._server.client_capabilities.workspace
        able = workspace.workspace_edit if workspace is not None else None
        return bool(
            able is not None
            and able.document_changes
            and types.ResourceOperationKind.Create in (able.resource_operations or ())
        )

    def ask_to_pull(self) -> None:
        """Ask a client that pulls diagnostics to pull again."""
        workspace = self._server.client_capabilities.workspace
        if workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
            self._server.workspace_diagnostic_refresh(None)

    def refresh_shown(self) -> None:
        """Refresh what shows existing keys or depends on settings."""
        self.refresh_lenses()
        self.refresh_hints()

    def _ask_for_lenses(self) -> None:
        workspace = self._server.client_capabilities.workspace
        if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self._server.workspace_code_lens_refresh(None)

    def refresh_hints(self) -> None:
        """Ask for inlay hints again."""
        workspace = self._server.client_capabilities.workspace
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self._server.workspace_inlay_hint_refresh(None)

    def refresh_tokens(self) -> None:
        """Ask for the colors of texts again."""
        workspace = self._server.client_capabilities.workspace
        if workspace and workspace.semantic_tokens and workspace.semantic_tokens.refresh_support:
            self._server.workspace_semantic_tokens_refresh(None)

    def watch_configs(self) -> None:
        """Ask the client to report configs that change outside the editor, if it can."""
        workspace = self._server.client_capabilities.workspace
        watched = workspace and workspace.did_change_watched_files
        if not (watched and watched.dynamic_registration):
            return
        options = types.DidChangeWatchedFilesRegistrationOptions(
            [
                types.FileSystemWatcher("**/*.{toml,jsonc}"),
                types.FileSystemWatcher("**/wrangler*.json"),
                types.FileSystemWatcher("**/cloudflare.config.{ts,mts,js,mjs}"),
                types.FileSystemWatcher("**/{package.json,vite.config.*,.gitlab-ci.yml}"),
                types.FileSystemWatcher("**/.github/workflows/*.{yml,yaml}"),
                types.FileSystemWatcher("**/.wrangler/deploy/config.json"),
                types.FileSystemWatcher("**/{.dev.vars*,seeds/*.json}"),
            ]
        )
        self._server.client_register_capability(
            types.RegistrationParams(
                [
                    types.Registration(
                        "kvlens-configs", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options
                    )
                ]
            )
        )

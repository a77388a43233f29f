"""Problems in configs, as the user types: pushed, or kept for a client that pulls them.

Fast rules run on every change. The syntax check runs in a thread when typing pauses; until then,
its last findings move with their lines, to avoid flicker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from kvlens.config.find import is_config
from kvlens.config.model import Config
from kvlens.config.project_context import read_context
from kvlens.config.reader import ConfigReader
from kvlens.files import is_there
from kvlens.lint.base import Levels, Problem
from kvlens.lint.check_config import check_structure, check_text
from kvlens.lint.check_files import check_config_file
from kvlens.lint.suppressions import apply_suppressions, with_severity
from kvlens.lsp.documents import json_range
from kvlens.lsp.spelling import file_key, file_path
from kvlens.stopping import in_thread
from kvlens.text import LineIndex
from kvlens.visible import one_line

if TYPE_CHECKING:
    from kvlens.lsp.documents import Document
    from kvlens.lsp.server import Server

PAUSE = 0.2  # least seconds without typing before the slow rules run
LONGEST_PAUSE = 1.0
PATIENCE = 5  # times the slow rules' last duration: a busy thread slows down typing
SEVERITIES = {
    "error": types.DiagnosticSeverity.Error.value,
    "warning": types.DiagnosticSeverity.Warning.value,
    "information": types.DiagnosticSeverity.Information.value,
}


def pause_after(took: float) -> float:
    """Return how long typing must pause before a check that last took this many seconds."""
    return min(max(PAUSE, PATIENCE * took), LONGEST_PAUSE)


class Checked:
    """One open config: its last parsed version, and the last result of the slow rules."""

    def __init__(self, document: Document, path: str, counted: frozenset[str] | None) -> None:
        self.document = document
        self.read_as(path, counted)
        self.slow: list[Problem] = []
        self.took = 0.0  # seconds, for the slow rules
        self.pause: asyncio.TimerHandle | None = None

    def read_as(self, path: str, counted: frozenset[str] | None) -> None:
        """Read the text with the environments that count; see `load_text`."""
        self.reader = ConfigReader(path, counted)
        self.config = self.reader.read(self.document.text)


class Diagnostics:
    """Checks the open configs, and the closed ones of the workspace."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.pulled = False  # the client pulls problems
        self._open: dict[str, Checked] = {}
        self._under: dict[str, str] = {}  # file with problems -> the URI that they were sent to
        self._published: dict[str, list[dict[str, Any]]] = {}  # of sources and seeds, for a client
        # that pulls

    def config(self, uri: str) -> Config | None:
        """Return an open config as last parsed."""
        checked = self._open.get(uri)
        return checked.config if checked else None

    def problems(self, uri: str) -> list[Problem]:
        """Return the problems of an open config; empty for other texts."""
        checked = self._open.get(uri)
        if checked is None:
            return []
        return [*check_structure(checked.config, self.levels(uri)), *checked.slow]

    def did_open(self, document: Document) -> None:
        """Check an opened text with all rules."""
        path = file_path(document.uri)
        if path is None or not is_config(path):
            return
        checked = self._open[document.uri] = Checked(document, path, self._counted(path))
        if not self.pulled:  # else the client pulls
            self._publish_config(checked)
        self._server.create_task(self._run_slow_rules(checked))

    def did_change_configuration(self) -> None:
        """Check the open texts again: the user changed the severity of a rule, or project files."""
        for checked in self._open.values():
            counted = self._counted(checked.reader.path)
            if counted != checked.reader.counted:
                checked.read_as(checked.reader.path, counted)
            self._publish_config(checked)
            self._server.create_task(self._run_slow_rules(checked))

    def _counted(self, path: str) -> frozenset[str] | None:
        return self._server.severities.file(Path(path)).environments

    def sources_changed(self) -> None:
        """Check again which namespaces of the open configs the sources use."""
        for checked in self._open.values():
            self._server.create_task(self._run_slow_rules(checked))

    def did_change(self, document: Document) -> None:
        """Check a changed text, and run the slow rules after a pause."""
        checked = self._open.get(document.uri)
        if checked is None:
            return
        before = checked.config.text
        checked.config = checked.reader.read(document.text)
        checked.slow = [
            moved for problem in checked.slow if (moved := _follow(problem, before, document.text))
        ]
        if not self.pulled:
            self._publish_config(checked)
        if checked.pause:
            checked.pause.cancel()
        loop = asyncio.get_running_loop()
        checked.pause = loop.call_later(pause_after(checked.took), self._paused, checked)

    def did_close(self, uri: str) -> None:
        """Forget a text; the file on disk counts again."""
        checked = self._open.pop(uri, None)
        if checked is None:
            return
        if checked.pause:
            checked.pause.cancel()
        path = file_path(uri)
        if path:
            self.check_file(self._server.path(uri), uri)

    def check_file(self, path: Path, uri: str) -> None:
        """Check a config that isn't open, on disk."""
        if self.pulled:
            self._server.client.ask_to_pull()
        elif uri not in self._open:
            self._send(uri, self.of_file(path, uri), None)

    def forget(self, uri: str) -> None:
        """Clear the problems of a config that left the workspace, unless it is open."""
        if self.pulled:
            self._server.client.ask_to_pull()
        elif uri not in self._open:
            self._send(uri, [], None)

    def of_file(self, path: Path, uri: str) -> list[dict[str, Any]]:
        """Return the problems of a config on disk as JSON; empty if it is gone."""
        counted = self._server.severities.file(path).environments
        checked, _ = check_config_file(path, self.levels(uri), counted=counted)
        if not checked.text and not is_there(path):
            return []
        index = LineIndex(checked.text)
        encoding = self._server.documents.encoding
        return [_diagnostic(problem, uri, index, encoding) for problem in checked.problems]

    def of(self, uri: str) -> list[dict[str, Any]] | None:
        """Return the problems of an open file as JSON; None for a text that isn't checked."""
        checked = self._open.get(uri)
        if checked is None:
            return self._published.get(uri)
        document = checked.document
        found = self.problems(uri)
        return [_diagnostic(problem, uri, document.index, document.encoding) for problem in found]

    def published(self) -> dict[str, list[dict[str, Any]]]:
        """Return the problems of the open sources and seed files, for a client that pulls."""
        return {
            uri: found for uri, found in self._published.items() if self._server.documents.get(uri)
        }

    def publish(
        self, uri: str, problems: Iterable[Problem], version: int | None, index: LineIndex
    ) -> None:
        """Publish the problems of an open source or seed file."""
        encoding, levels = self._server.documents.encoding, self.levels(uri)
        levelled = (with_severity(problem, levels) for problem in problems)
        found = [_diagnostic(problem, uri, index, encoding) for problem in levelled if problem]
        if self.pulled:
            if self._published.get(uri, []) != found:
                self._published[uri] = found
                self._server.client.ask_to_pull()
            return
        self._send(uri, found, version)

    def levels(self, uri: str) -> Levels:
        """Return the severities of the rules in a file, from the settings and its project."""
        return self._server.severities.of_open(self._server.path(uri))

    async def check_project_files(self) -> None:
        """Publish the mistakes in the project files that are in use."""
        encoding, severities = self._server.documents.encoding, self._server.severities
        for file in severities.files():
            assert file.path is not None
            problems = await in_thread(severities.problems, file)
            if file not in severities.files():
                continue  # it has changed meanwhile, and is checked again
            uri, index = self._server.uri(file.path), LineIndex(file.text)
            found = [_diagnostic(problem, uri, index, encoding) for problem in problems]
            if found or file_key(uri) in self._under:
                self._send(uri, found, None)

    def _paused(self, checked: Checked) -> None:
        checked.pause = None
        self._server.sources.check_all()
        self._server.create_task(self._run_slow_rules(checked))

    async def _run_slow_rules(self, checked: Checked) -> None:
        """Run the slow rules in the background; results for an outdated text are dropped."""
        config = checked.config
        began = time.monotonic()
        levels = self.levels(checked.document.uri)
        slow = await in_thread(_slow, config, levels)
        checked.took = time.monotonic() - began
        unused = await self._server.sources.unused(config)
        slow += apply_suppressions(config, unused, levels)
        if checked.config is config and slow != checked.slow:
            checked.slow = slow
            self._publish_config(checked)

    def _publish_config(self, checked: Checked) -> None:
        document = checked.document
        if self._open.get(document.uri) is not checked:
            return
        if self.pulled:
            self._server.client.ask_to_pull()
            return
        found = self.of(document.uri)
        assert found is not None
        self._send(document.uri, found, document.version)

    def _send(self, uri: str, found: list[dict[str, Any]], version: int | None) -> None:
        key = file_key(uri)
        before = self._under.pop(key, uri)
        if before != uri:  # the old spelling would keep its problems forever
            self._send(before, [], None)
        if found:
            self._under[key] = uri
        params: dict[str, Any] = {"uri": uri, "diagnostics": found}
        if version is not None:
            params["version"] = version
        self._server.protocol.notify_json(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)


def _slow(config: Config, levels: Levels) -> list[Problem]:
    return check_text(config, read_context(Path(config.path)), levels)


def _follow(problem: Problem, before: str, after: str) -> Problem | None:
    """Return a problem with its position after an edit; None if its text has changed."""
    start, end = problem.span
    line_start = before.rfind("\n", 0, start) + 1
    line_end = before.find("\n", end)
    line = before[line_start : line_end if line_end >= 0 else len(before)]
    for shift in (0, len(after) - len(before)):
        at = line_start + shift
        if at >= 0 and after[at : at + len(line)] == line:
            return problem.moved(shift)
    return None


def _diagnostic(problem: Problem, uri: str, index: LineIndex, encoding: str) -> dict[str, Any]:
    """Return a problem as an LSP Diagnostic in JSON: objects would be slow on every keystroke."""
    found: dict[str, Any] = {
        "range": json_range(index, problem.span, encoding),
        "message": one_line(problem.message),
        "severity": SEVERITIES[problem.severity],
        "code": problem.code,
        "codeDescription": {"href": problem.url},
        "source": "kvlens",
    }
    if problem.related:
        found["relatedInformation"] = [
            {
                "location": {"uri": uri, "range": json_range(index, span, encoding)},
                "message": one_line(message),
            }
            for span, message in problem.related
        ]
    if problem.data:
        found["data"] = dict(problem.data)
    return found

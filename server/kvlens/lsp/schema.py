"""The JSON that several commands share, and the notifications.

A command adds its own `Parameters`, and a `Result` unless it returns one of these. `python -m
scripts.generate` reads them without importing them, with the docstrings of the fields, and writes
extension/src/protocol.ts and docs/commands.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.operations.clock import Clock

EmulatorState = Literal["running", "starting", "stopped", "failed"]


class InProject(TypedDict):
    """A project in a request."""

    config: NotRequired[str]
    """URI of the config; needed if the workspace has several."""


class Target(InProject):
    """A namespace in a request: by `binding` or by `id`."""

    id: NotRequired[str]
    """Its name in the store: `preview_id`, `id` or the binding, the first that the config has."""
    binding: NotRequired[str]
    environment: NotRequired[str | None]
    """null is the top level of the config."""


class Position(TypedDict):
    """An LSP position."""

    line: int
    character: int


class Range(TypedDict):
    """An LSP range."""

    start: Position
    end: Position


class Namespace(TypedDict):
    """A namespace of a config."""

    binding: str
    id: str
    environment: str | None
    keys: NotRequired[int | None]
    size: NotRequired[int | None]
    """Bytes of all values."""
    message: NotRequired[str]
    """Why the number of keys isn't known."""
    range: Range
    """Its place in the config."""


class Unclaimed(TypedDict):
    """A namespace with keys that isn't in any config."""

    id: str
    keys: int
    size: int | None


class Project(TypedDict):
    """A config and the emulator that serves its namespaces."""

    config: str
    label: str
    """Path of the config in its workspace folder."""
    state: EmulatorState
    url: str | None
    message: str | None
    """Why the emulator has stopped or failed."""
    install: NotRequired[str]
    """The command that installs the Python package that the store lacks."""
    problem: str
    """Why the config can't be read, or empty. The namespaces are the last ones that could be."""
    problemLine: NotRequired[int]
    """The line of the mistake in it, from 1."""
    store: str
    """URL of the store, without passwords."""
    namespaces: list[Namespace]
    unclaimed: list[Unclaimed]
    """Namespaces with keys that aren't in any config, such as a renamed one."""
    clock: NotRequired[Clock]
    """Omitted if it isn't moved."""
    seedable: bool
    """Whether every namespace is empty, and there is a seed file for one of them."""


class Address(TypedDict):
    """Where the emulator or a Worker listens."""

    url: str


class Moved(TypedDict):
    """The ids between which keys were moved."""

    old: str
    new: str


class Changed(TypedDict):
    """Keys or namespaces have changed, or moved."""

    config: NotRequired[str]
    """Omitted if any project may have changed."""
    id: NotRequired[str | None]
    """The namespace, if only its keys have changed."""
    moved: NotRequired[Moved]


class Side(TypedDict):
    """A key before or after a change, without its value."""

    size: NotRequired[int]
    """Bytes; omitted if the size isn't known."""
    unknown: NotRequired[bool]
    """The value isn't in the history: another program has overwritten it, or it was damaged."""
    metadata: NotRequired[str]
    """JSON text."""
    expiration: NotRequired[int]
    """Seconds since the epoch."""


class HistoryChange(TypedDict):
    """A recorded change of one key."""

    id: int
    time: float
    """Seconds since the epoch."""
    namespace: str
    """Its id in the store."""
    binding: NotRequired[str]
    """Omitted if no config declares it."""
    key: str
    before: Side | None
    """null if there was no such key."""
    after: Side | None


class Restoring(TypedDict):
    """What a restore does, or has done."""

    restored: bool
    """Whether anything was done."""
    written: int
    deleted: int
    keys: list[str]
    """Some of these."""
    changed: list[str]
    """Some of the keys that are left as they are, because they have changed since."""
    changedCount: int
    damaged: list[str]
    """Some of the keys that an undo leaves as they are, because they can't be read."""
    expired: int
    """Keys that have expired since and stay away."""
    unknown: int
    """Keys that are left as they are, because the earlier value isn't in the history."""
    digest: str
    """Identifies what is there and what would be there."""
    action: NotRequired[str]
    """Identifies the restore for `kvlens.historyUndo`, if anything was done."""


class Status(TypedDict):
    """An emulator has started or stopped."""

    config: str
    state: EmulatorState
    url: NotRequired[str]
    message: NotRequired[str]


class WorkerStatus(Status):
    """A Worker has started or stopped."""


class BuildProblem(TypedDict):
    """A mistake in a source. Lines and columns count from 1; a column of 0 is unknown."""

    file: str
    line: int
    column: int
    message: str


class Output(TypedDict):
    """A Worker prints something, or something happens to it."""

    config: str
    event: str
    """`log`, `exception`, `restarted`, `failed` or `request`."""
    level: NotRequired[str]
    message: NotRequired[str]
    file: NotRequired[str]
    line: NotRequired[int]
    column: NotRequired[int]
    problems: NotRequired[list[BuildProblem]]
    """If the build failed: every mistake whose place is known."""


class ViewProgress(TypedDict):
    """How far a view is."""

    matched: int
    scanned: int
    """Keys that were looked at; not those without the literal start of a pattern."""
    total: int | None
    """Keys in the namespace; null if the store doesn't know."""
    done: bool
    order: str
    """The order in use: `key` until all keys are found, and if they are more than `sortLimit`."""


class ViewState(ViewProgress):
    """A view has found more keys, its rows may have changed, or its search has failed."""

    view: str
    stale: NotRequired[bool]
    """Whether rows that were read before may have changed: ask for them again."""
    message: NotRequired[str]
    """Why the search failed; the rows are what was found before."""


ComparedKind = Literal["same", "left", "right", "changed", "damaged"]


class ComparisonSide(TypedDict):
    """One side of a comparison."""

    title: str
    where: str
    place: Literal["local", "shared", "remote", "snapshot", "file"]
    readOnly: bool


class ComparisonCounts(TypedDict):
    """How many keys are the same, only on one side, different, or damaged on a side."""

    same: int
    left: int
    right: int
    changed: int
    damaged: int


class ComparisonProgress(TypedDict):
    """How far a comparison is."""

    counts: ComparisonCounts
    shown: int
    """The rows that match the filter and the kinds."""
    done: bool
    time: float
    """When it began, in seconds since the epoch."""


class ComparisonState(ComparisonProgress):
    """A comparison has found more keys, or keys have changed, or it has failed."""

    comparison: str
    stale: NotRequired[bool]
    """Whether keys have changed since; a quick comparison is made again by itself."""
    message: NotRequired[str]
    """Why it failed; what was found before stays."""


Notifications = TypedDict(
    "Notifications",
    {
        "kvlens/changed": Changed,
        "kvlens/history": InProject,
        "kvlens/status": Status,
        "kvlens/worker": WorkerStatus,
        "kvlens/output": Output,
        "kvlens/view": ViewState,
        "kvlens/comparison": ComparisonState,
    },
)

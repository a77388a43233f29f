"""KV Lens: check, serve and inspect Workers KV from an editor, a shell and tests."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kvlens.api import Emulator
    from kvlens.errors import KVLensError
    from kvlens.kv.clock import ManualClock
    from kvlens.kv.errors import KVError, KVSyntaxError, KVTypeError
    from kvlens.kv.limits import CompatName
    from kvlens.kv.namespace import KVNamespace
    from kvlens.worker.errors import BuildError, StartError, WorkerError
    from kvlens.worker.fetch import Response

__version__ = "0.1.0"

# name: module; imported at first use, to keep the start of commands fast
_LAZY = {
    "CompatName": "kvlens.kv.limits",
    "Emulator": "kvlens.api",
    "KVError": "kvlens.kv.errors",
    "KVLensError": "kvlens.errors",
    "KVNamespace": "kvlens.kv.namespace",
    "KVSyntaxError": "kvlens.kv.errors",
    "KVTypeError": "kvlens.kv.errors",
    "ManualClock": "kvlens.kv.clock",
    "BuildError": "kvlens.worker.errors",
    "StartError": "kvlens.worker.errors",
    "WorkerError": "kvlens.worker.errors",
    "Response": "kvlens.worker.fetch",
}

__all__ = [
    "BuildError",
    "CompatName",
    "Emulator",
    "KVError",
    "KVLensError",
    "KVNamespace",
    "KVSyntaxError",
    "KVTypeError",
    "ManualClock",
    "Response",
    "StartError",
    "WorkerError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

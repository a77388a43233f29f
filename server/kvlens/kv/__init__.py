"""Workers KV without a server: limits, errors, validation, the clock and the namespace object."""

from kvlens.kv.clock import Clock, ManualClock, system_clock
from kvlens.kv.errors import KVError, KVSyntaxError, KVTypeError
from kvlens.kv.limits import COMPATS, Compat, CompatName, read_compat
from kvlens.kv.namespace import KVNamespace
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write

__all__ = [
    "COMPATS",
    "Clock",
    "Compat",
    "CompatName",
    "Entry",
    "KVError",
    "KVNamespace",
    "KVSyntaxError",
    "KVTypeError",
    "KeyInfo",
    "ManualClock",
    "Page",
    "Stats",
    "Write",
    "read_compat",
    "system_clock",
]

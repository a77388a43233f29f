"""Workers KV without a server: limits, errors, validation, the clock and the namespace object."""

from .clock import Clock, ManualClock, system_clock
from .errors import KVError, KVSyntaxError, KVTypeError
from .limits import COMPATS, Compat, CompatName, read_compat
from .namespace import KVNamespace
from .records import Entry, KeyInfo, Page, Stats, Write

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

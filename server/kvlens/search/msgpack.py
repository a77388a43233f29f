"""Recognize MessagePack: no library is needed to see that bytes are exactly one map or array."""

from __future__ import annotations

_SIZES = {  # first byte: bytes that follow
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
    0xD4: 2,
    0xD5: 3,
    0xD6: 5,
    0xD7: 9,
    0xD8: 17,
}
_LENGTHS = {  # first byte: (bytes of the length, bytes that follow it in addition)
    0xC4: (1, 0),
    0xC5: (2, 0),
    0xC6: (4, 0),
    0xC7: (1, 1),
    0xC8: (2, 1),
    0xC9: (4, 1),
    0xD9: (1, 0),
    0xDA: (2, 0),
    0xDB: (4, 0),
}
_COUNTS = {  # first byte: (bytes of the count, items for each)
    0xDC: (2, 1),
    0xDD: (4, 1),
    0xDE: (2, 2),
    0xDF: (4, 2),
}


def is_msgpack(data: bytes) -> bool:
    """Return whether the bytes are exactly one map or array with at least one item."""
    first = data[0]
    if not (0x81 <= first <= 0x8F or 0x91 <= first <= 0x9F or first in _COUNTS):
        return False
    at, items = 0, 1
    while items:
        if at >= len(data):
            return False
        first = data[at]
        at += 1
        items -= 1
        if first <= 0x7F or first >= 0xE0:
            continue
        if first <= 0x8F:
            items += 2 * (first & 0x0F)
        elif first <= 0x9F:
            items += first & 0x0F
        elif first <= 0xBF:
            at += first & 0x1F
        elif first in _SIZES:
            at += _SIZES[first]
        elif first in _LENGTHS:
            width, more = _LENGTHS[first]
            at += width + more + int.from_bytes(data[at : at + width], "big")
        elif first in _COUNTS:
            width, each = _COUNTS[first]
            items += each * int.from_bytes(data[at : at + width], "big")
            at += width
        else:
            return False
        if items > len(data):
            return False
    return at == len(data)

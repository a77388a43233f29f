"""Inputs made from real ones: pieces of an example repeated, moved, cut, and mixed with words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

LONGEST = 20_000  # bytes of an input
NASTY = (  # short: most inputs should be fast
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\n", b"\t", b" ", b"\\", b"\\u0000"),
    *(b"\\ud800", b"\\U0001f600", b'"', b"'", b"`", b"[", b"]", b"{", b"}", b"(", b")", b",", b":"),
    *(b".", b"=", b"#", b"/*", b"*/", b"//", b'"""', b"'''", b"-", b"1e400", b"NaN", b"Infinity"),
    *(b"9" * 20, b"[[[[", b'{"a":{"a":', b"[],[],", b"a.a.a.", b"\x1b[2J"),
    *("é😀\u202e\u2028\x85".encode(), b"\xed\xa0\x80", b"-0", b"0x", b"null", b"true", b"0.1"),
)
LONG = (  # used occasionally
    *(b"9" * 50, b"9" * 5000, b"[" * 200, b'{"a":' * 120, b"[]," * 60, b"a." * 300, b"x" * 3000),
)
_ALL, _SHORT = 100_000, 97_000  # numbers that choose a piece; those below _SHORT choose a short one
_SELDOM = 0.005  # share of random inputs made from kept ones, most of which are long


class Step(NamedTuple):
    """One change: its start and end, in thousandths of the text, and the new content."""

    kind: int
    start: int
    length: int
    what: int


def mutate(data: bytes, steps: Sequence[Step], pieces: Sequence[bytes]) -> bytes:
    """Return an input after these changes."""
    for kind, start, length, what in steps:
        at = len(data) * start // 1000
        end = min(len(data), at + 1 + (length if length < 40 else len(data) * (length - 40) // 960))
        piece = pieces[what % len(pieces)] if what < _SHORT else LONG[what % len(LONG)]
        if kind == 0:  # insert a word
            data = data[:at] + piece + data[at:]
        elif kind == 1:  # replace something with a word
            data = data[:at] + piece + data[end:]
        elif kind == 2:  # remove something
            data = data[:at] + data[end:]
        elif kind == 3:  # repeat something
            data = data[:end] + data[at:end] * (1 + what % 7) + data[end:]
        elif kind == 4:  # move something
            other = len(data) * (what % 1000) // 1000
            data = data[:other] + data[at:end] + data[other:]
        elif kind == 5:  # cut the end, as in half-typed text
            data = data[:at]
        else:  # flip one bit
            place = min(at, len(data) - 1)
            if place >= 0:
                flipped = data[place] ^ (1 << what % 8)
                data = data[:place] + bytes([flipped]) + data[place + 1 :]
        data = data[:LONGEST]
    return data


def random_input(
    source: random.Random,
    examples: Sequence[bytes],
    pieces: Sequence[bytes],
    kept: Sequence[bytes] = (),
) -> bytes:
    """Return an input made from one of the examples, rarely from a kept one."""
    steps = [
        Step(
            source.randrange(7),
            source.randrange(1001),
            source.randrange(1000) if source.random() < 0.2 else source.randrange(40),
            source.randrange(_ALL),
        )
        for _ in range(source.choice((1, 1, 2, 2, 3, 4, 6, 10)))
    ]
    begin = kept if kept and source.random() < _SELDOM else examples
    return mutate(source.choice(begin), steps, pieces)


def inputs(examples: Sequence[bytes], words: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return the same for hypothesis, which minimizes failing inputs."""
    pieces = (*words, *NASTY)
    step = st.builds(
        Step,
        st.integers(0, 6),
        st.integers(0, 1000),
        st.integers(0, 999),
        st.integers(0, _ALL),
    )
    made = st.builds(
        lambda data, steps: mutate(data, steps, pieces),
        st.sampled_from(list(examples)),
        st.lists(step, max_size=8),
    )
    return made | st.binary(max_size=200)

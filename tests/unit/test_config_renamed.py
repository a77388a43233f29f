"""Namespaces that are stored under another name after an edit."""

from __future__ import annotations

import pytest
from kvlens.config.reader import load_text
from kvlens.config.renamed import renamed

ID = "0f" * 16


def config(*entries: str) -> str:
    """Return a config; an entry is `[environment/]binding[=id]`."""
    text = ""
    for entry in entries:
        environment, _, rest = entry.rpartition("/")
        binding, _, id_ = rest.partition("=")
        table = f"env.{environment}.kv_namespaces" if environment else "kv_namespaces"
        text += f'[[{table}]]\nbinding = "{binding}"\n' + (f'id = "{id_}"\n' if id_ else "")
    return text


CASES: dict[str, tuple[list[str], list[str], list[tuple[str, str]]]] = {
    # id: (the entries before, those after, the renamed ones)
    "nothing": (["A"], ["A"], []),
    "renamed": (["A", "B"], ["C", "B"], [("A", "C")]),
    "renamed, with an id": ([f"A={ID}"], [f"B={ID}"], []),
    "an id added": (["A"], [f"A={ID}"], [("A", ID)]),
    "an id removed": ([f"A={ID}"], ["A"], []),
    "renamed and an id added": (["A"], [f"B={ID}"], [("A", ID)]),
    "renamed to one that is there": (["A", "B"], ["B"], []),
    "two renamed": (["A", "B"], ["C", "D"], []),
    "one renamed, one added": (["A"], ["B", "C"], []),
    "one renamed, one got an id": (["A", "B"], ["C", f"B={ID}"], [("B", ID)]),
    "in an environment": (["A", "x/B"], ["A", "x/C"], [("B", "C")]),
    "in one environment of two": (["A", "x/A"], ["B", "x/A"], []),
    "in both": (["A", "x/A"], ["B", "x/B"], [("A", "B")]),
    "removed": (["A"], [], []),
}


@pytest.mark.parametrize(("before", "after", "pairs"), CASES.values(), ids=CASES.keys())
def test_what_became_of_what(
    before: list[str], after: list[str], pairs: list[tuple[str, str]]
) -> None:
    then, now = (load_text(config(*entries), "wrangler.toml") for entries in (before, after))
    found = renamed(then.namespaces(), now.namespaces())
    assert [(pair.old.id, pair.new.id) for pair in found] == pairs

"""Every text that a user of the extension sees can be translated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.generate.manifest import MANIFEST, TEXTS
from scripts.generate.tree import Tree
from scripts.texts import Finder, translated, untranslated
from scripts.toolchain import ROOT

TREE = Tree(ROOT)
SHOWN = {"title", "name", "label", "displayName", "contextualTitle", "contents", "description"}
SHOWN |= {"markdownDescription", "markdownEnumDescriptions", "enumDescriptions", "aliases"}


def test_every_text_of_the_code_is_translated() -> None:
    assert list(untranslated(TREE)) == []


FOUND = {
    # source: what isn't translated
    "message": ("fail('Broken');", ["Broken"]),
    "action": ("await inform(t('Done'), 'Undo');", ["Undo"]),
    "vscode": ("vscode.window.showErrorMessage('broken');", ["broken"]),
    "template": ("brief(`Copied ${n} keys`);", ["Copied {} keys"]),
    "choice": ("warn(one ? 'a key' : t('keys'));", ["a key"]),
    "default": ("warn(text ?? 'failed');", ["failed"]),
    "glued": ("warn(t('Gone') + ' now');", ["now"]),
    "error": ("throw new Error('no value');", ["no value"]),
    "own error": ("throw new prompts.NothingThere('empty');", ["empty"]),
    "fault": ("throw fault('FileNotFound', 'gone');", ["gone"]),
    "tree item": ("new vscode.TreeItem('more');", ["more"]),
    "row": ("item.description = failed ? 'failed' : place;", ["failed"]),
    "tooltip": ("this.item.tooltip = 'open';", ["open"]),
    "title": ("const options = { title: 'seed' };", ["seed"]),
    "picker": ("ask({ placeHolder: 'key', prompt: `${a}: name` });", ["key", "{}: name"]),
    "icon": ("const one = { label: '$(play) run' };", ["run"]),
    "list": ("const notes = damaged ? ['Damaged'] : [];", ["Damaged"]),
    "joined": (
        "[gone ? 'Damaged' : '', `expires ${when}`].join('a b');",
        ["Damaged", "expires {}"],
    ),
    "variable": ("const overwrite = 'Overwrite';", ["Overwrite"]),
    "prose": ("const why = 'it has no value';", ["it has no value"]),
    "fact": ("facts.push(`expires ${when}`);", ["expires {}"]),
    "markup": ("const a = <p title='open'>New key {n}</p>;", ["open", "New key"]),
    "label": ("const a = <b aria-label={ok ? 'yes' : t('no')} />;", ["yes"]),
    "translated": ("fail(vscode.l10n.t('Broken {0}', name)); brief(t('Copied'));", []),
    "log": ("this.log.warn(`stopping: ${error}`); output.appendLine('Worker started');", []),
    "id": ("executeCommand('workbench.action.files.save'); createTreeView('kvlens.history');", []),
    "comparison": ("if (event.key === 'Enter' || state !== 'failed') {}", []),
    "manifest": ("export const contribution = { title: 'Copy Key', about: 'Copy the key' };", []),
    "product": ("item.text = '$(database) KV'; item.title = 'KV Lens';", []),
    "type": ("type State = 'not started' | 'running'; import { a } from './the file';", []),
}


@pytest.mark.parametrize(("source", "texts"), FOUND.values(), ids=FOUND)
def test_what_is_not_translated_is_found(source: str, texts: list[str]) -> None:
    assert [one.text for one in Finder("a.tsx", source).untranslated()] == texts


TAKEN = {
    # source: (text, number of values)
    "plain": ("t('a')", ("a", 0)),
    "whole": ("vscode.l10n.t('{0} of {1}', a, b)", ("{0} of {1}", 2)),
    "two lines": ("t(\n  'a ' +\n    \"b\",\n  c,\n)", ("a b", 1)),
    "escaped": ("t('doesn\\'t')", ("doesn't", 0)),
    "spread": ("t('{0} and {1}', ...names)", ("{0} and {1}", None)),
    "no literal": ("t(title)", ("", 0)),
    "glued": ("t(`a ${b}`)", ("", 0)),
}


@pytest.mark.parametrize(("source", "taken"), TAKEN.values(), ids=TAKEN)
def test_what_is_translated_is_taken(source: str, taken: tuple[str, int | None]) -> None:
    (one,) = Finder("a.ts", source).translated()
    assert (one.text, one.arguments) == taken


def test_each_text_is_one_literal_whose_placeholders_have_values() -> None:
    texts = list(translated(TREE))
    assert len(texts) > 500
    for one in texts:
        assert one.text, f"{one.path}:{one.line} is not a literal"
        used = {int(number) for number in re.findall(r"\{(\d+)\}", one.text)}
        given = range(len(used) if one.arguments is None else one.arguments)
        assert used == set(given), f"{one.path}:{one.line} {one.text}"


def test_each_text_of_the_manifest_has_a_key() -> None:
    """The product's name is the same in every language."""
    texts = json.loads(TREE.read(TEXTS))
    used = []
    for name, text in _shown(json.loads(TREE.read(MANIFEST))):
        if text not in ("KV Lens", "kvlens"):
            assert re.fullmatch(r"%[\w.-]+%", text), f"{name}: {text}"
            used.append(text.strip("%"))
    assert sorted(used) == sorted(texts)


def _shown(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key != "resourceLabelFormatters":
                yield from _shown(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _shown(one, name)
    elif name in SHOWN:
        yield name, value

"""Find the texts of the extension: those that `t` translates, and those that it should.

The sources are parsed like those of Workers. A text that a user sees is the first argument of
`vscode.l10n.t`, or of `t`, as one literal: a translator needs the whole sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.constants.evaluator import ConstantEvaluator
from kvlens.js.reader import read_source

from scripts.generate.tree import Tree

if TYPE_CHECKING:
    from tree_sitter import Node

SOURCES = (("src", "*.ts"), ("webview", "*.ts"), ("webview", "*.tsx"))
GENERATED = ("extension/src/protocol.ts", "extension/src/commands/index.ts")
TRANSLATORS = ("t", "vscode.l10n.t")

# Functions, and names of properties, variables and attributes, whose literals are shown.
SHOWING = re.compile(
    r"(^|\.)(inform|warn|fail|dialog|brief|pick|pickMany|input|fault|confirm|choose|existing"
    r"|show\w+Message|showQuickPick|showInputBox|setStatusBarMessage|TreeItem"
    r"|\w*Error|NothingThere|NotTrusted|Diagnostic|Task)$"
)
SHOWN = re.compile(
    r"^(title|placeHolder|placeholder|prompt|label|detail|description|tooltip|message|text"
    r"|note|notes|question|button|problem|openLabel|saveLabel|failure|aria-label|alt)$"
)
# Calls and declarations with ids, code or entries of the log.
HIDING = re.compile(
    r"(^|\.)(t|log\.\w+|appendLine|executeCommand|server\.ask|get|has|includes|startsWith|endsWith"
    r"|split|join|replace|replaceAll|addEventListener|querySelector|affectsConfiguration"
    r"|create\w+|registerCommand|ThemeIcon|ThemeColor|RegExp|from|toString|toLocaleString)$"
)
HIDDEN = ("contribution", "class", "command", "example", "insert")
SKIPPED = ("comment", "literal_type", "subscript_expression", "import_statement")
COMPARISONS = ("===", "!==", "in")

# What looks like a text, anywhere: two words, a word beside a value, or a word of its own.
PROSE = re.compile(
    r"[A-Za-z]{2,}[,:;]? [A-Za-z]{2,}|(^|\s)[A-Za-z]{3,}:? \{\}|\{\}:? [A-Za-z]{2,}(\s|$)"
    r"|^[A-Z][a-z]{2,}[^A-Z]*$"
)
WORD = re.compile(r"[^\W\d_]{2,}")
ICON = re.compile(r"\$\([\w~-]+\)")
PROPER = re.compile(
    r"(KV|KV Lens|HTML|JSON|JWT|Markdown|MessagePack|XML)?|<!DOCTYPE.*"
    r"|FileNotFound|NoPermissions|Unavailable|Unknown",
    re.DOTALL,
)
CODE = {
    # what users see and isn't a text: commands, code, examples; and errors of our own
    "commands/addNamespace": ("MY_KV",),
    "commands/copyCurl": ("curl -H 'Authorization: Bearer {}' '{}'",),
    "commands/filterKeys": ("user:",),
    "commands/snapshotSave": ("before-migration",),
    "compare/other": ("redis://127.0.0.1:6379",),
    "copies": ("npx wrangler kv key get {} {}{} {} --text", "await env.{}.get({})"),
    "development": ("Scripts/python.exe",),
    "install": ("{} install", "{} wrangler", "npm install --save-dev"),
    "pickNamespace": ("env.{}",),
    "putPrompt": ("users/1", '{"role": "admin"}'),
    "metadata": ('{"role": "admin"}',),
    "table/differences": ("key {}", "metadata {}", "expires {}"),
    "table/page": ("img-src data:",),
    "table/rowActions": ("value",),
    "table/staged": ("no row {}",),
    "webview/table/columns": ("user",),
}


class Text(NamedTuple):
    """A literal, and where it is."""

    path: str
    line: int
    text: str
    arguments: int | None = None
    """How many values a translated text gets; None if that isn't known."""


def translated(tree: Tree) -> Iterator[Text]:
    """Yield the texts that are translated; "" for one that isn't a literal."""
    for path in _paths(tree):
        yield from Finder(path, tree.read(path)).translated()


def untranslated(tree: Tree) -> Iterator[Text]:
    """Yield the literals that users see and that aren't translated."""
    for path in _paths(tree):
        yield from Finder(path, tree.read(path)).untranslated()


def _paths(tree: Tree) -> list[str]:
    found = [
        path
        for folder, pattern in SOURCES
        for path in tree.files(f"extension/{folder}", f"**/{pattern}")
    ]
    return [path for path in found if path not in GENERATED and not path.endswith(".d.ts")]


class Finder:
    """Finds the texts of one source."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._source = read_source(text, path)
        self._evaluator = ConstantEvaluator(self._source)
        stem = path.removeprefix("extension/").removeprefix("src/").rpartition(".")[0]
        self._code = CODE.get(stem, ())

    def translated(self) -> Iterator[Text]:
        """Yield the first argument of each call of `t`."""
        for call in _nodes(self._source.tree.root_node):
            if call.type == "call_expression" and self._called(call) in TRANSLATORS:
                listed = call.child_by_field_name("arguments")
                first, *others = [
                    one for one in (listed or call).named_children if one.type != "comment"
                ]
                value = self._evaluator.value(first)
                is_spread = any(one.type == "spread_element" for one in others)
                text = str(value.value) if value.kind == "string" else ""
                yield self._found(call, text)._replace(arguments=None if is_spread else len(others))

    def untranslated(self) -> Iterator[Text]:
        """Yield the literals in places that are shown, and prose anywhere else."""
        yield from self._untranslated(self._source.tree.root_node, False)

    def _untranslated(self, node: Node, shown: bool) -> Iterator[Text]:
        match node.type:
            case "string" | "template_string" | "jsx_text":
                text = ICON.sub("", self._literal(node)).strip()
                shown = shown or node.type == "jsx_text"
                looks = PROSE.search(text) or (shown and WORD.search(text))
                is_proper = PROPER.fullmatch(text.replace("{}", "").strip(" :"))
                if looks and not is_proper and text not in self._code:
                    yield self._found(node, text)
                shown = False
            case "call_expression" | "new_expression":
                called = self._called(node)
                if HIDING.search(called):  # what it is called on may be a list of texts
                    yield from self._untranslated(node.named_children[0], False)
                    return
                shown = SHOWING.search(called) is not None
            case "pair" | "jsx_attribute" | "assignment_expression" | "variable_declarator":
                name = self._text(node.named_children[0]).rpartition(".")[2].strip("'\"")
                if name in HIDDEN or name.isupper():
                    return
                shown = SHOWN.match(name) is not None
            case "binary_expression":
                operator = node.child_by_field_name("operator")
                if operator and self._text(operator) in COMPARISONS:
                    return
            case "arrow_function" | "statement_block":
                shown = False
            case skipped if skipped in SKIPPED or node.child_by_field_name("source"):
                return
        for child in node.named_children:
            yield from self._untranslated(child, shown)

    def _called(self, call: Node) -> str:
        """Return what is called."""
        called = call.child_by_field_name("function") or call.child_by_field_name("constructor")
        return self._text(called) if called else ""

    def _literal(self, node: Node) -> str:
        """Return a literal, with {} for each value in it."""
        if node.type == "jsx_text":
            return self._text(node)
        return "".join(
            "{}" if child.type == "template_substitution" else self._text(child)
            for child in node.named_children
        )

    def _text(self, node: Node) -> str:
        return self._source.text_of(node)

    def _found(self, node: Node, text: str) -> Text:
        return Text(self._path, node.start_point.row + 1, text)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from _nodes(child)

"""Untrusted names and values in the editor's messages: shown as plain text."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from kvlens.lsp.markdown import block, code, inline
from kvlens.visible import notice, one_line

from scripts.toolchain import node

SOURCES = Path(__file__).parents[2] / "extension" / "src"
JOINER = "\u2060"

LINES = {
    "plain": ("users/1", "users/1"),
    "line feed": ("a\nb", "a\\nb"),
    "carriage return": ("a\rb", "a\\x0db"),
    "tab": ("a\tb", "a\\tb"),
    "null": ("a\0b", "a\\x00b"),
    "escape": ("\x1b[2J", "\\x1b[2J"),
    "C1": ("\x9b2J", "\\x9b2J"),
    "line separator": ("a\u2028b", "a\\u2028b"),
    "override of the direction": ("a\u202egpj.exe", "a\\u202egpj.exe"),
    "isolate": ("a\u2066b\u2069", "a\\u2066b\\u2069"),
    "mark of the direction": ("a\u200fb", "a\\u200fb"),
    "space of no width": ("pay\u200bpal", "pay\\u200bpal"),
    "byte order mark": ("\ufeffa", "\\ufeffa"),
    "soft hyphen": ("a\xadb", "a\\xadb"),
    "word joiner": ("a\u2060b", "a\\u2060b"),
    "joiner between letters": ("a\u200db", "a\\u200db"),
    "joiner at the end": ("é\u200d", "é\\u200d"),
    "tags": ("a\U000e0041", "a\\U000e0041"),
    "emoji": ("👩\u200d💻", "👩\u200d💻"),
    "Persian": ("نمی\u200cشد", "نمی\u200cشد"),
}
NOTICES = {
    "command link": ("[a](command:x)", f"[a]{JOINER}(command:x)"),
    "link": ("[a](https://x)", f"[a]{JOINER}(https://x)"),
    "two links": ("[a](x)[b](y)", f"[a]{JOINER}(x)[b]{JOINER}(y)"),
    "line end within": ("[a]\n(x)", "[a]\\n(x)"),
    "its own joiner": (f"[a]{JOINER}(x)", f"[a]{JOINER}(x)"),
}
INLINES = {
    "plain": ("CART", "CART"),
    "picture": ("![p](x)", r"\!\[p\]\(x\)"),
    "address": ("https://x.y", r"https\:\/\/x\.y"),
    "heading": ("a\n\n# b", r"a\\n\\n\# b"),
    "HTML": ("<img src=x>", r"\<img src\=x\>"),
    "entity": ("&lt;", r"\&lt\;"),
    "cell": ("a|b", r"a\|b"),
    "code": ("`a`", r"\`a\`"),
    "null": ("a\0", r"a\\x00"),
}
CODES = {
    "plain": ("CART", "`CART`"),
    "picture": ("![p](x)", "`![p](x)`"),
    "line end": ("a\n\n# b", "`a\\n\\n# b`"),
    "backtick": ("a`![p](x)", r"a\`\!\[p\]\(x\)"),
    "cell": ("a|b", r"a\|b"),
    "nothing": ("", ""),
}
BLOCKS = {
    "plain": ("a\nb", "```\na\nb\n```"),
    "fence": ("```\n![p](x)", "````\n```\n![p](x)\n````"),
    "indented fence": ("  ```\n![p](x)", "````\n  ```\n![p](x)\n````"),
    "tildes": ("~~~~\na", "`````\n~~~~\na\n`````"),
    "carriage returns": ("a\r\nb\rc", "```\na\nb\\x0dc\n```"),
    "null and direction": ("a\0\u202eb", "```\na\\x00\\u202eb\n```"),
}
TABLES = {
    "oneLine": (one_line, LINES),
    "notice": (notice, LINES | NOTICES),
    "inline": (inline, INLINES),
    "code": (code, CODES),
    "block": (block, BLOCKS),
}
CASES = [
    pytest.param(name, *case, id=f"{name}: {what}")
    for name, (_, table) in TABLES.items()
    for what, case in table.items()
]


@pytest.mark.parametrize(("name", "text", "shown"), CASES)
def test_a_foreign_name_is_text(name: str, text: str, shown: str) -> None:
    assert TABLES[name][0](text) == shown


def test_an_icon_of_a_name_is_text() -> None:
    assert notice("$(trash) Delete") == f"${JOINER}(trash) Delete"


def test_the_extension_shows_the_same() -> None:
    cases = [
        (name, text, shown if name != "block" else f"\n\n{shown}\n")
        for name in ("oneLine", "notice", "inline", "block")
        for text, shown in TABLES[name][1].values()
    ]
    cases += [
        ("label", "$(trash) Delete", "\\$(trash) Delete"),
        ("label", "$(sync~spin)", "\\$(sync~spin)"),
        ("label", "$(a b)", "$(a b)"),
        ("inline", "a   b", "a\u00a0\u00a0 b"),
    ]
    asked = json.dumps([case[:2] for case in cases])
    program = (
        f"import * as visible from {json.dumps((SOURCES / 'visible.ts').as_uri())};"
        f"console.log(JSON.stringify({asked}.map(([name, text]) => visible[name](text))))"
    )
    words = [node(), "--experimental-strip-types", "--no-warnings", "--input-type=module"]
    done = subprocess.run([*words, "-e", program], capture_output=True, check=True)
    assert json.loads(done.stdout) == [shown for _, _, shown in cases]


GATES = {
    r"window\.show(Information|Warning|Error)Message": {"messages.ts"},
    r"window\.(setStatusBarMessage|showInputBox)": {"messages.ts"},
    r"window\.showQuickPick": {"messages.ts", "actions.ts"},  # menus with our own texts
    r"FileSystemError(\.\w+|\[\w+\])?\(": {"messages.ts"},
    r"append(Text|Codeblock)\(": set(),
}


@pytest.mark.parametrize("way", GATES)
def test_every_message_of_the_extension_passes_the_gate(way: str) -> None:
    users = {path.name for path in SOURCES.rglob("*.ts") if re.search(way, path.read_text("utf-8"))}
    assert users == GATES[way]


def test_every_message_of_the_server_passes_the_gate() -> None:
    server = SOURCES.parents[1] / "server" / "kvlens"
    texts = {
        path.relative_to(server).as_posix(): path.read_text("utf-8")
        for path in server.rglob("*.py")
    }
    for way in ("window_show_message", "ShowMessageRequestParams("):
        assert {name for name, text in texts.items() if way in text} == {"lsp/server.py"}
    for found in re.findall(r"ShowMessage(?:Request)?Params\(.*", texts["lsp/server.py"]):
        assert "notice(" in found

"""Help while typing and selecting: signatures, highlights and selection ranges."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
import pytest_asyncio
from lsprotocol import types

from tests.lsp.conftest import Editor, connected, until
from tests.unit.marked_text import marked

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONFIG = """\
name = "tea"

[[kv_namespaces]]
binding = "TEAS"
id = "0f2ac74b498b48028cb68387c421e279"

[env.prod]
kv_namespaces = [
  { binding = "TEAS", id = "1f2ac74b498b48028cb68387c421e270" },
  { binding = "CUPS", preview_id = "0f2ac74b498b48028cb68387c421e279" },
]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tea(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """An editor with a project and its config open."""
    folder = tmp_path_factory.mktemp("tea")
    config = folder / "wrangler.toml"
    config.write_text(CONFIG, encoding="utf-8")
    options = {"store": "memory:", "autoStart": False, "push": True}
    async with connected(folder, options) as editor:
        document = types.TextDocumentItem(config.as_uri(), "toml", 1, CONFIG)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
        await until(lambda: config.as_uri() in editor.diagnostics)
        yield editor


numbers = iter(range(1_000_000))


def source(editor: Editor, text: str) -> str:
    """Open a new source, and return its URI."""
    uri = (editor.folder / f"source{next(numbers)}.ts").as_uri()
    document = types.TextDocumentItem(uri, "typescript", 1, text)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
    return uri


def position(text: str, offset: int) -> types.Position:
    before = text[:offset]
    return types.Position(before.count("\n"), len(before.rsplit("\n", 1)[-1]))


def cut(text: str, place: types.Range) -> str:
    lines = text.split("\n")
    if place.start.line == place.end.line:
        return lines[place.start.line][place.start.character : place.end.character]
    first, last = lines[place.start.line], lines[place.end.line]
    between = lines[place.start.line + 1 : place.end.line]
    return "\n".join([first[place.start.character :], *between, last[: place.end.character]])


HANDLER = "export default {{ async fetch(request: Request, env: Env) {{\n  {}\n}} }};\n"
SIGNATURES: dict[str, tuple[str, str | None]] = {
    # a statement with | at the position, the active parameter
    "key": ("await env.TEAS.put(|);", "put(key"),
    "key-half-typed": ('await env.TEAS.put("gre|', "put(key"),
    "open-bracket": ("await env.TEAS.get(|", "get(key"),
    "value": ('await env.TEAS.put("a", |);', "put(value"),
    "value-before-text": ('await env.TEAS.put("a", |', "put(value"),
    "options": ('await env.TEAS.put("a", "b", { expirationTtl: | });', "put(options?"),
    "options-open": ('await env.TEAS.put("a", "b", { |', "put(options?"),
    "list": ("await env.TEAS.list({ | });", "list(options?"),
    "commas-in-values": ('await env.TEAS.put("a", f(1, 2), |);', "put(options?"),
    "inner-call": ('await env.TEAS.put("a", await env.TEAS.get(|));', "get(key"),
    "alias": ("const teas = env.TEAS; await teas.delete(|);", "delete(key"),
    "too-many": ('await env.TEAS.delete("a", |);', "delete("),
    "before-the-bracket": ("await env.TEAS.pu|t();", None),
    "after-the-call": ('await env.TEAS.get("a");|', None),
    "another-object": ("await env.CACHE.put(|);", None),
}


@pytest.mark.parametrize(("statement", "expected"), SIGNATURES.values(), ids=SIGNATURES)
async def test_signatures(tea: Editor, statement: str, expected: str | None) -> None:
    text = HANDLER.format(statement)
    offset = text.index("|")
    text = text.replace("|", "")
    params = types.SignatureHelpParams(
        types.TextDocumentIdentifier(source(tea, text)), position(text, offset)
    )
    found = await tea.text_document_signature_help_async(params)
    if expected is None:
        assert found is None
        return
    assert found
    (signature,) = found.signatures
    method, _, parameter = expected.partition("(")
    assert signature.label.startswith(f"{method}(")
    active = found.active_parameter
    assert active is not None
    assert signature.parameters
    shown = signature.parameters[active : active + 1]
    labels = [signature.label[slice(*one.label)] for one in shown]
    assert labels == ([parameter] if parameter else [])


async def test_signatures_name_the_limits(tea: Editor) -> None:
    text = HANDLER.format('await env.TEAS.put("a", "b", { });')
    at = position(text, text.index("{ }") + 1)
    params = types.SignatureHelpParams(types.TextDocumentIdentifier(source(tea, text)), at)
    found = await tea.text_document_signature_help_async(params)
    assert found
    (signature,) = found.signatures
    assert signature.parameters
    about = [getattr(one.documentation, "value", "") for one in signature.parameters]
    for limit, words in zip(("512 bytes", "25 MiB", "at least 60"), about, strict=True):
        assert limit in words
    assert "1,024 bytes" in about[2]


HIGHLIGHTS: dict[str, str] = {
    # statements: «» are highlighted with the cursor at |
    "key": (
        'await env.TEAS.put("«gr|een»", "1"); await env.TEAS.get("«green»");'
        ' await env.TEAS.delete("«green»"); await env.TEAS.get("black");'
    ),
    "binding": 'await env.«T|EAS».get("a"); const { «TEAS» } = env; await TEAS.get("b");',
    "nothing": "const o|ne = 1;",
}


@pytest.mark.parametrize("statements", HIGHLIGHTS.values(), ids=HIGHLIGHTS)
async def test_highlights_in_code(tea: Editor, statements: str) -> None:
    whole = HANDLER.format(statements)
    text, spans = marked(whole.replace("|", ""))
    offset = whole[: whole.index("|")].replace("«", "").replace("»", "")
    params = types.DocumentHighlightParams(
        types.TextDocumentIdentifier(source(tea, text)), position(text, len(offset))
    )
    found = await tea.text_document_document_highlight_async(params) or []
    assert [one.range.start for one in found] == [position(text, span[0]) for span in spans]
    kinds = [one.kind for one in found]
    if "green" in statements:
        write, read = types.DocumentHighlightKind.Write, types.DocumentHighlightKind.Read
        assert kinds == [write, read, write]


IN_CONFIG = {
    # what the cursor is on, the texts highlighted
    "binding": ('"TEAS"', ['"TEAS"', '"TEAS"']),
    "id-and-preview-id": ('"0f2ac74b498b48028cb68387c421e279"', 2),
    "elsewhere": ('"tea"', []),
}


@pytest.mark.parametrize(("on", "expected"), IN_CONFIG.values(), ids=IN_CONFIG)
async def test_highlights_in_a_config(tea: Editor, on: str, expected: list[str] | int) -> None:
    document = types.TextDocumentIdentifier((tea.folder / "wrangler.toml").as_uri())
    at = position(CONFIG, CONFIG.index(on) + 2)
    params = types.DocumentHighlightParams(document, at)
    found = await tea.text_document_document_highlight_async(params) or []
    texts = [cut(CONFIG, one.range) for one in found]
    assert texts == ([on] * expected if isinstance(expected, int) else expected)


SELECTIONS: dict[str, tuple[str, list[str]]] = {
    # what the position is in, what is selected first
    "string-in-an-entry": (
        "CUPS",
        [
            "CUPS",
            '"CUPS"',
            'binding = "CUPS"',
            '{ binding = "CUPS", preview_id = "0f2ac74b498b48028cb68387c421e279" }',
        ],
    ),
    "key": ("preview_id", ["preview_id"]),
    "under-a-header": ("TEAS", ["TEAS", '"TEAS"', 'binding = "TEAS"']),
}


@pytest.mark.parametrize(("on", "expected"), SELECTIONS.values(), ids=SELECTIONS)
async def test_selections_grow(tea: Editor, on: str, expected: list[str]) -> None:
    document = types.TextDocumentIdentifier((tea.folder / "wrangler.toml").as_uri())
    at = position(CONFIG, CONFIG.index(on) + 1)
    found = await tea.text_document_selection_range_async(
        types.SelectionRangeParams(document, [at])
    )
    assert found
    (chain,) = found
    texts: list[str] = []
    here: types.SelectionRange | None = chain
    while here is not None:
        texts.append(cut(CONFIG, here.range))
        here = here.parent
    assert texts[: len(expected)] == expected
    assert texts[-1] == CONFIG
    for inner, outer in pairwise(texts):
        assert inner in outer
        assert inner != outer


async def test_selections_grow_in_code(tea: Editor) -> None:
    text = 'export const ü = async (env) => {\n  return env.TEAS.get("a");\n};\n'
    document = types.TextDocumentIdentifier(source(tea, text))
    params = types.SelectionRangeParams(document, [position(text, text.index("TEAS") + 1)])
    (chain,) = await tea.text_document_selection_range_async(params) or []
    texts: list[str] = []
    here: types.SelectionRange | None = chain
    while here is not None:
        texts.append(cut(text, here.range))
        here = here.parent
    assert texts[:5] == [
        "TEAS",
        "env.TEAS",
        "env.TEAS.get",
        'env.TEAS.get("a")',
        'return env.TEAS.get("a");',
    ]
    assert texts[-1] == text

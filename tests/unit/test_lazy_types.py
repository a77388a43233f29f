"""Lazily built LSP classes change only when work is done, and nothing else."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from typing import Any

import attrs
import pytest
from kvlens.lsp.fast_pygls import lazy_types

PLAIN = "import lsprotocol.types"
LATE = "from kvlens.lsp.fast_pygls import lazy_types; assert lazy_types.prepare()"

DESCRIBE = """
import attrs, inspect, json, re
from lsprotocol import converters, types
converters.get_converter()  # resolves the forward references of the plain classes
def described(cls):
    fields = [
        [f.name, str(f.type), repr(f.default), f.validator is not None, f.alias, f.init, f.eq]
        for f in attrs.fields(cls)
    ]
    parameters = inspect.signature(cls).parameters.values()
    return {
        "fields": fields,
        "parameters": [[p.name, str(p.kind), repr(p.default)] for p in parameters],
        "hashable": cls.__hash__ is not None,
        "match": cls.__match_args__,
        "checks": "__setattr__" in vars(cls),
        "doc": cls.__doc__,
    }
print(json.dumps({
    name: described(cls) for name, cls in types.ALL_TYPES_MAP.items()
    if isinstance(cls, type) and attrs.has(cls)
}))
"""

MESSAGES: list[dict[str, Any]] = [
    {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
    {"method": "initialized", "params": {}},
    {"method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///a", "languageId": "toml", "version": 1, "text": "a\n"}}},
    {"method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///a", "version": 2}, "contentChanges": [{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}, "text": "b"}, {"text": "all"}]}},
    {"method": "textDocument/publishDiagnostics", "params": {"uri": "file:///a", "version": 2, "diagnostics": [{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 1}}, "message": "m", "severity": 1, "code": "c", "codeDescription": {"href": "https://example.com"}, "source": "kvlens"}]}},
    {"id": "x", "method": "workspace/executeCommand", "params": {"command": "kvlens.list", "arguments": [{"binding": "B", "limit": 3}]}},
    {"id": 2, "method": "textDocument/completion", "params": {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 1}, "context": {"triggerKind": 1}}},
    {"id": 3, "method": "textDocument/codeAction", "params": {"textDocument": {"uri": "file:///a"}, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}, "context": {"diagnostics": [], "only": ["quickfix"]}}},
    {"id": 4, "method": "no/such/method", "params": {"a": [1, {"b": 2}]}},
    {"method": "$/cancelRequest", "params": {"id": 3}},
    {"method": "workspace/didChangeConfiguration", "params": {"settings": {"kvlens": {"port": 1}}}},
]  # fmt: skip

BAD_MESSAGES: list[dict[str, Any]] = [
    {"id": 5, "method": "textDocument/hover", "params": {"textDocument": 1}},
    {"method": "textDocument/didOpen", "params": {}},
    {"id": 6, "method": "textDocument/hover", "params": {"textDocument": {"uri": "u"}, "position": {"line": -1, "character": 0}}},
]  # fmt: skip

ROUND_TRIP = """
import json, logging, sys
from pygls.lsp.server import LanguageServer
logging.disable()
server = LanguageServer("name", "1"{options})
protocol = server.protocol
for message in json.load(sys.stdin):
    try:
        there = protocol.structure_message({{"jsonrpc": "2.0", **message}})
        print(type(there).__name__, json.dumps(there, default=protocol._serialize_message))
    except Exception as error:
        print(type(error).__name__, error)
"""


def run(code: str, standard_input: str = "") -> str:
    """Run code in a new interpreter and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=standard_input,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_late_classes_are_the_plain_ones() -> None:
    plain, late = (json.loads(run(f"{first}\n{DESCRIBE}")) for first in (PLAIN, LATE))
    assert len(plain) > 500
    assert late == plain


def test_messages_read_and_write_as_before() -> None:
    messages = json.dumps([*MESSAGES, *BAD_MESSAGES])
    plain = run(f"{PLAIN}\n{ROUND_TRIP.format(options='')}", messages).splitlines()
    ours = run(
        f"{LATE}\nfrom kvlens.lsp.fast_pygls.converter import make_converter\n"
        + ROUND_TRIP.format(options=", converter_factory=make_converter"),
        messages,
    ).splitlines()
    assert len(plain) == len(MESSAGES) + len(BAD_MESSAGES)
    assert ours == plain


def test_nothing_is_built_before_it_is_used() -> None:
    code = f"""
{LATE}
from lsprotocol import types
built = lambda cls: not isinstance(vars(cls)["__init__"], lazy_types._Late)
classes = [cls for cls in types.ALL_TYPES_MAP.values()
           if isinstance(cls, type) and "__attrs_attrs__" in vars(cls)]
print(len(classes), sum(map(built, classes)))
types.Range(types.Position(0, 0), types.Position(0, 1))
print(sorted(cls.__name__ for cls in classes if built(cls)))
"""
    before, after = run(code).splitlines()
    assert int(before.split()[0]) > 500
    assert before.split()[1] == "0"
    assert after == "['Position', 'Range']"


def test_threads_that_meet_at_a_class_all_get_it_whole() -> None:
    code = f"""
{LATE}
import attrs, sys, threading
from lsprotocol import types
sys.setswitchinterval(1e-6)
classes = [cls for cls in types.ALL_TYPES_MAP.values()
           if isinstance(cls, type) and "__attrs_attrs__" in vars(cls)]
start, seen, wrong = threading.Barrier(4), [], []
def look():
    start.wait()
    for cls in classes:
        fields = attrs.fields(cls)
        if any(isinstance(field.type, str) for field in fields):
            wrong.append(cls)
        seen.append(len(fields))
threads = [threading.Thread(target=look) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(seen) == 4 * len(classes), wrong)
"""
    assert run(code).strip() == "True []"


def test_attrs_is_left_as_it_was() -> None:
    code = f"""
import attrs
define = attrs.define
{LATE}
@attrs.define
class Other:
    x: int
print(attrs.define is define, Other(1), hasattr(Other, "__slots__"))
"""
    assert run(code).strip() == "True Other(x=1) True"


def test_a_failing_import_leaves_attrs_as_it_was() -> None:
    code = """
import sys, attrs
define = attrs.define
sys.modules["lsprotocol.validators"] = None
from kvlens.lsp.fast_pygls import lazy_types
try:
    lazy_types.prepare()
except ImportError as error:
    print(attrs.define is define, "lsprotocol.types" in sys.modules)
"""
    assert run(code).strip() == "True False"


def test_prepare_leaves_what_was_imported_before() -> None:
    import lsprotocol.types as types

    assert not lazy_types.prepare()
    assert attrs.has(types.Position)


def test_undisturbed_puts_the_collector_back() -> None:
    with lazy_types.garbage_collection_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()


CAPABILITIES = {
    "textDocument": {
        "publishDiagnostics": {"versionSupport": True, "tagSupport": {"valueSet": [1, 2]}},
        "hover": {"contentFormat": 7},
        "completion": "yes",
    },
    "general": {"positionEncodings": ["utf-8", "utf-16"]},
    "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}},
    "experimental": {"any": ["thing"]},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("text_document.publish_diagnostics.version_support", True),
        ("text_document.publish_diagnostics.tag_support.value_set", [1, 2]),
        ("text_document.publish_diagnostics.related_information", None),
        ("text_document.hover.content_format", None),  # invalid: not announced
        ("text_document.completion.dynamic_registration", None),  # not even a table
        ("text_document.rename", None),
        ("general.position_encodings", ["utf-8", "utf-16"]),
        ("workspace.did_change_watched_files.dynamic_registration", True),
        ("experimental", {"any": ["thing"]}),
        ("window", None),
    ],
)  # fmt: skip
def test_capabilities_are_converted_as_they_are_read(path: str, expected: object) -> None:
    from kvlens.lsp.fast_pygls.converter import make_converter
    from lsprotocol import types
    from pygls.capabilities import get_capability

    announced = make_converter().structure(CAPABILITIES, types.ClientCapabilities)
    assert isinstance(announced, types.ClientCapabilities)
    found = get_capability(announced, path)
    assert (list(found) if isinstance(found, tuple) else found) == expected


def test_a_capability_that_does_not_exist_is_no_attribute() -> None:
    from kvlens.lsp.fast_pygls.converter import make_converter
    from lsprotocol import types

    announced = make_converter().structure({}, types.ClientCapabilities)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = announced.nonsense  # type: ignore[attr-defined]


def test_the_server_starts_without_what_reads_sources() -> None:
    code = (
        "import sys, kvlens.lsp.server\n"
        "print(sorted({'tree_sitter', 'kvlens.lsp.sources', 'kvlens.js.analysis'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == [b"[]"]

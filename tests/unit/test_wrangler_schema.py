"""Which fields a namespace has, as the project's own wrangler knows them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from kvlens.config.reader import load_text
from kvlens.config.wrangler_schema import schema_for
from kvlens.lint.check_config import check

PEERS = Path(__file__).parents[1] / "interop"
TEXT, FLAG = {"type": "string"}, {"type": "boolean"}
BASE = {"binding": TEXT, "id": TEXT, "preview_id": TEXT}


def listed(**fields: Any) -> dict[str, Any]:
    """Return the schema of a list of namespaces with these fields in addition."""
    element = {"type": "object", "properties": BASE | fields, "additionalProperties": False}
    return {"type": "array", "items": element}


def schema(fields: dict[str, Any], *, previews: bool = True) -> dict[str, Any]:
    """Return a schema whose namespaces have these fields."""
    top: dict[str, Any] = {"kv_namespaces": listed(**fields), "name": TEXT}
    if previews:
        top["previews"] = {"$ref": "#/definitions/Previews"}
    inside = {"properties": {"kv_namespaces": listed(**fields)}}
    return {
        "definitions": {
            "RawConfig": {"properties": top | {"env": {}, "unsafe": {}}},
            "RawEnvironment": {"properties": top | {"unsafe": {}}},
            "Previews": inside,
        }
    }


def install(folder: Path, content: Any, version: str = "4.30.0") -> None:
    """Put a wrangler with this schema into a folder."""
    package = folder / "node_modules" / "wrangler"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": version}), "utf-8")
    text = content if isinstance(content, str) else json.dumps(content)
    (package / "config-schema.json").write_text(text, "utf-8")


KV = '[[kv_namespaces]]\nbinding = "A"\n'
OLD: dict[str, Any] = schema({}, previews=False)
NOW = schema({"remote": FLAG})
LATER = schema({"remote": FLAG, "jurisdiction": {"enum": ["eu", "us", "fedramp"]}, "mode": TEXT})

CASES: dict[str, tuple[Any, str]] = {
    # id: (the installed schema, None if there is none; a config with «» around what is reported)
    "remote, not installed": (None, f"{KV}remote = true\n"),
    "remote, known": (NOW, f"{KV}remote = true\n"),
    "remote, too old": (OLD, f"{KV}«remote» = true\n"),
    "jurisdiction, not installed": (None, f'{KV}«jurisdiction» = "eu"\n'),
    "jurisdiction, too old": (NOW, f'{KV}«jurisdiction» = "eu"\n'),
    "jurisdiction, known": (LATER, f'{KV}jurisdiction = "eu"\n'),
    "jurisdiction, a wrong value": (LATER, f'{KV}jurisdiction = «"europe"»\n'),
    "mode, known": (LATER, f'{KV}mode = "instant"\n'),
    "unknown to all": (LATER, f"{KV}«color» = 1\n"),
    "misspelled": (LATER, f'{KV}«previewid» = "x"\n'),
    "a short-lived field": (
        schema({"experimental_remote": FLAG}),
        f"{KV}experimental_remote = true\n",
    ),
    "the same later": (NOW, f"{KV}«experimental_remote» = true\n"),
    "previews, known": (NOW, '[[previews.kv_namespaces]]\nbinding = "A"\n'),
    "previews, too old": (OLD, '[[«previews».kv_namespaces]]\nbinding = "A"\n'),
    "previews, not installed": (None, '[[previews.kv_namespaces]]\nbinding = "A"\n'),
    "previews without namespaces": (OLD, "[previews]\nlogpush = true\n"),
    "previews of an environment": (OLD, '[[env.a.«previews».kv_namespaces]]\nbinding = "A"\n'),
    "a field in previews": (NOW, f"[[previews.kv_namespaces]]\n{KV[18:]}«jurisdiction» = 1\n"),
    "malformed schema": ("{", f'{KV}«jurisdiction» = "eu"\n'),
    "a schema of another form": ("[]", f'{KV}«jurisdiction» = "eu"\n'),
    "endless references": (
        {
            "definitions": {
                "RawConfig": {"properties": {"kv_namespaces": {"$ref": "#/definitions/A"}}},
                "A": {"$ref": "#/definitions/A"},
            }
        },
        f"{KV}remote = true\n«other» = 1\n",
    ),
    "an open schema": (
        {
            "definitions": {
                "RawConfig": {"properties": {"kv_namespaces": {"items": {"properties": BASE}}}}
            }
        },
        f"{KV}remote = true\n«other» = 1\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_fields(tmp_path: Path, case: str) -> None:
    content, marked = CASES[case]
    (tmp_path / "app").mkdir()
    if content is not None:
        install(tmp_path, content)
    text = re.sub("[«»]", "", marked)
    problems = check(load_text(text, str(tmp_path / "app" / "wrangler.toml")))
    found = [text[slice(*one.span)] for one in problems if one.code == "unknown-field"]
    assert found == re.findall("«(.*?)»", marked)


@pytest.mark.parametrize(
    ("required", "reported"),
    [("^4.20.5", False), ("4.36.0", False), ("^4.40.0", True), ("^3.0.0", True), ("", True)],
)
def test_a_required_version(tmp_path: Path, required: str, reported: bool) -> None:
    package = {"devDependencies": {"wrangler": required}}
    (tmp_path / "package.json").write_text(json.dumps(package), "utf-8")
    text = f"{KV}experimental_remote = true\n"
    problems = check(load_text(text, str(tmp_path / "wrangler.toml")))
    assert ("unknown-field" in [one.code for one in problems]) is reported


def test_the_nearest_wrangler_counts(tmp_path: Path) -> None:
    install(tmp_path, OLD, "3.0.0")
    install(tmp_path / "app", NOW, "4.0.0")
    for folder, version in (("app", "4.0.0"), ("", "3.0.0")):
        found = schema_for(str(tmp_path / folder / "wrangler.toml"))
        assert found
        assert found.version == version


def test_an_update_is_noticed(tmp_path: Path) -> None:
    install(tmp_path, OLD, "3.0.0")
    path = str(tmp_path / "wrangler.toml")
    first = schema_for(path)
    package = tmp_path / "node_modules" / "wrangler"
    (package / "config-schema.json").write_text(json.dumps(NOW), "utf-8")
    second = schema_for(path)
    assert first
    assert second
    assert first.fields != second.fields


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes in folders")
def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    install(tmp_path, NOW)
    schema_file = tmp_path / "node_modules" / "wrangler" / "config-schema.json"
    schema_file.unlink()
    os.mkfifo(schema_file)
    assert schema_for(str(tmp_path / "wrangler.toml")) is None


def test_the_schema_of_a_real_wrangler() -> None:
    found = schema_for(str(PEERS / "wrangler.toml"))
    assert found
    assert found.fields
    assert set(found.fields) == {"binding", "id", "preview_id", "remote"}
    assert found.preview_fields
    assert {"kv_namespaces", "previews", "unsafe"} <= found.top & found.environment | {"previews"}

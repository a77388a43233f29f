"""A wrangler.jsonc: scan, tables, rules, fixes, completion."""

from __future__ import annotations

from tests.fuzz.configs import look_at

EXAMPLES = (
    b'{\n  // a shop\n  "name": "shop",\n  "main": "src/index.ts",\n  "kv_namespaces": [\n'
    b'    { "binding": "CARTS", "id": "0f2ac74b498b48028cb68387c421e279" },\n'
    b'    { "binding": "FLAGS", "id": "<id>", "remote": true }, /* flags */\n  ],\n'
    b'  "env": { "production": { "kv_namespaces": [{ "binding": "CARTS", "id": "" }] } },\n}\n',
    b'{ "kv_namespaces": { "binding": "A" }, "vars": { "kv_namespaces": [{ "binding": "B" }] },\n'
    b'  "kv_namespaces": [["A"], "B", 5, null, { "binding": 1.5e3, "id": [], "x": "y" }] }\n',
    b'{"kvNamespaces":[{"binding":"A","namespace_id":"b"}],"previews":{"kv_namespaces":[]},\n'
    b'"unsafe":{"bindings":[{"type":"kv_namespace","name":"A","namespace_id":"x"}]},\n'
    b'"env":{"a":{"d1_databases":[{"binding":"A"}]},"a":{}},"pages_build_output_dir":"x"}',
)
WORDS = (
    *(
        b'"kv_namespaces": [',
        b'"env": {',
        b'"production": {',
        b'{ "binding": "A" },',
        b'"id": "x",',
    ),
    *(b'"preview_id": "x"', b'"remote": true', b"// kvlens-disable-line id-empty\n", b'"vars": {'),
    *(b'"previews": {', b'"binding": ', b"null", b"1e400", b'"\\ud83d\\ude00"', b"/* x */", b",\n"),
)


def target(data: bytes) -> None:
    """Analyze it in every way, with and without comments."""
    look_at("/project/wrangler.jsonc", data)
    if len(data) % 3 == 0:
        look_at("/project/wrangler.json", data)

"""Typing a config: no error at any prefix, no forgotten entries, no flicker."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.replay_typing import mishaps

ID, OTHER = "0f2ac74b498b48028cb68387c421e279", "06779da6940b431db6e566b4846d64db"
EXAMPLE = Path(__file__).parents[2] / "examples" / "wrangler.toml"

TOML = f"""\
name = "shop" # the 😀 shop
main = "src/index.ts"
compatibility_flags = [ "nodejs_compat" ]
build = {{ command = "npm run build" }}
kv_namespaces = [
  # carts
  {{ binding = "CARTS", id = "{ID}", preview_id = "" }},
  {{ binding = "my-kv", id = '<ID>' }}, # to come
]
routes = [
  {{ pattern = "a.example/*", zone_name = "a.example" }},
]

[vars]
NOTE = \'\'\'
[not a header]
\'\'\'

[[d1_databases]]
binding = "DB"
database_name = "shop"

[env.prod]
name = "prod-shop"  # no start of it is the name above

[[env.prod.kv_namespaces]]
binding = "CARTS"
id = "{ID}"

[[env.prod.kv_namespaces]]
binding = "CARTS"
remote = "yes"

[env.staging.vars]
X = "1"
kv_namespaces = [{{ binding = "CARTS", id = "{OTHER}" }}]
"""
JSONC = f"""\
{{
  // the shop
  "$schema": "node_modules/wrangler/config-schema.json",
  "name": "shop 😀",
  "observability": {{
    "enabled": true
  }},
  "kv_namespaces": [
    {{ "binding": "CARTS", "id": "{ID}" }}, // carts
    {{
      "binding": "PRICES",
      "id": "",
      "previewid": "x"
    }}
  ],
  "vars": {{
    "kv_namespaces": [{{ "binding": "OLD", "id": "{OTHER}" }}]
  }},
  "env": {{
    "prod": {{
      "kv_namespaces": [
        {{ "binding": "CARTS", "id": "{ID}" }}
      ],
      "d1_databases": [{{ "binding": "CARTS", "database_id": "1" }}]
    }},
    "staging": {{
      "name": "shop-staging"
    }}
  }}
}}
"""
TEXTS = {
    "example": ("wrangler.toml", EXAMPLE.read_text("utf-8")),
    "toml": ("wrangler.toml", TOML),
    "toml-crlf": ("wrangler.toml", TOML.replace("\n", "\r\n")),
    "jsonc": ("wrangler.jsonc", JSONC),
}


@pytest.mark.parametrize(("name", "text"), TEXTS.values(), ids=TEXTS)
def test_nothing_goes_wrong_while_typing(name: str, text: str) -> None:
    assert list(mishaps(text, name)) == []

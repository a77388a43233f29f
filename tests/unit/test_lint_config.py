"""Every rule, on texts in which « and » mark the places to underline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kvlens.config.project_context import ProjectContext
from kvlens.config.reader import ConfigReader, load_text
from kvlens.lint.base import Problem
from kvlens.lint.check_config import check, check_structure, check_text
from kvlens.lint.fix_file import fixed_text
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.problems import file_problem
from kvlens.lint.registry import rules, rules_of

from tests.unit.marked_text import marked

RULES = {**rules_of("config"), **rules_of("seeds")}
ID = "0f2ac74b498b48028cb68387c421e279"
OTHER = "06779da6940b431db6e566b4846d64db"

# tables in which a list is ignored, each with a valid field
MISPLACED = {
    "site": 'bucket = "./public"',
    "build": 'command = "true"',
    "dev": "port = 9000",
    "vars": 'X = "y"',
    "env.s.vars": 'X = "y"',
    "[r2_buckets]": 'binding = "FILES"\nbucket_name = "files"',
}
# id: (code expected at every mark, config with marks). JSON if it begins with a brace.
CASES: dict[str, tuple[str, str]] = {
    # templates
    "template": (
        "config-template",
        "name = «{{project-name}}»\n[[kv_namespaces]]\nid = {{ kv_id }}\n",
    ),
    "template-liquid": (
        "config-template",
        '«{% if kv %}»\n[[kv_namespaces]]\nbinding = "my-kv"\n{% endif %}\n',
    ),
    "template-with-quotes": (
        "config-template",
        'name = "{{x}}"\ncompatibility_date = "«{{ "now" | date: "%Y-%m-%d" }}»"\n',
    ),
    "template-ejs": ("config-template", '{ "name": «<%= name %>», "kv_namespaces": 1 }'),
    "template-json": ("config-template", '{\n  "name": "x",\n  "main": «{{main}}»\n}\n'),
    # namespaces in vars, in any form but a list
    "vars-header": ("kv-captured", f'[vars.«kv_namespaces»]\nbinding = "A"\nid = "{ID}"\n'),
    "vars-header-of-another-name": ("kv-captured", f'[vars.«A»]\nbinding = "A"\nid = "{ID}"\n'),
    "vars-headers": ("kv-captured", f'[[vars.«KV»]]\nbinding = "A"\nid = "{ID}"\n'),
    "vars-headers-of-an-environment": (
        "kv-captured",
        f'[[env.a.vars.«KV»]]\nbinding = "A"\nid = "{ID}"\n',
    ),
    "vars-table": ("kv-captured", f'[vars]\n«kv_namespaces» = {{ binding = "A", id = "{ID}" }}\n'),
    "vars-table-of-another-name": (
        "kv-captured",
        f'[vars]\n«A» = {{ binding = "A", id = "{ID}" }}\n',
    ),
    "vars-list-of-another-name": (
        "kv-captured",
        f'[vars]\n«kv» = [{{ binding = "A", id = "{ID}" }}]\n',
    ),
    "vars-ids-by-binding": ("kv-captured", f'[vars.«kv_namespaces»]\nCARTS = "{ID}"\n'),
    "vars-id-dotted": ("kv-captured", f'[vars]\n«kv_namespaces».CARTS = "{ID}"\n'),
    "vars-ids": ("kv-captured", f'[vars]\n«kv_namespaces» = ["{ID}"]\n'),
    "vars-json-in-a-string": (
        "kv-captured",
        f'[vars]\n«kv_namespaces» = \'[{{ "binding": "A", "id": "{ID}" }}]\'\n',
    ),
    "vars-binding-and-id": ("kv-captured", f'[vars]\nX = "1"\n«binding» = "A"\nid = "{ID}"\n'),
    "vars-object-in-json": (
        "kv-captured",
        f'{{ "vars": {{ «"kv_namespaces"»: {{ "binding": "A", "id": "{ID}" }} }} }}',
    ),
    "vars-object-of-another-name-in-json": (
        "kv-captured",
        f'{{ "vars": {{ «"A"»: {{ "binding": "A", "id": "{ID}" }} }} }}',
    ),
    # the syntax check
    "unquoted-id": ("syntax-error", '[[kv_namespaces]]\nbinding = "A"\nid = «abc»\n'),
    "open-string": ("syntax-error", 'name = "«x»\n[[kv_namespaces]]\nbinding = "A"\n'),
    "missing-comma": (
        "syntax-error",
        f'kv_namespaces = [\n  {{ binding = "A" «id = "{ID}" }},»\n]\n',
    ),
    "table-twice": (
        "syntax-error",
        '[vars]\nX = "1"\n\n[«vars»]\nY = "2"\n',
    ),
    "key-twice-inline": (
        "syntax-error",
        'kv_namespaces = [{ binding = "A", «binding» = "B" }]\n',
    ),
    "json-comma": ("syntax-error", '{\n  "name": "x"\n  «"main": "y"»\n}\n'),
    "json-empty": ("syntax-error", "«{»"),
    # the array
    "one-table": (
        "kv-not-array",
        f'[«kv_namespaces»]\nbinding = "A"\nid = "{ID}"\n',
    ),
    "inline-table": ("kv-not-array", f'kv_namespaces = «{{ binding = "A", id = "{ID}" }}»\n'),
    "dotted-table": ("kv-not-array", '«kv_namespaces».binding = "A"\n'),
    "array-is-string": ("kv-not-array", 'kv_namespaces = «"A"»\n'),
    "array-is-number": ("kv-not-array", "kv_namespaces = «1»\n"),
    "array-is-null": ("kv-not-array", '{ "kv_namespaces": «null» }'),
    "array-is-object": ("kv-not-array", '{ "kv_namespaces": «{ "A": "1" }» }'),
    "environment-table": ("kv-not-array", f'[env.prod.«kv_namespaces»]\nid = "{ID}"\n'),
    "every-environment": (
        "kv-not-array",
        "[env.a]\nkv_namespaces = «1»\n[env.b]\nkv_namespaces = «2»\n",
    ),
    # its elements
    "string-entry": ("entry-not-table", 'kv_namespaces = [«"A"», «"B"»]\n'),
    "number-entry": ("entry-not-table", '{ "kv_namespaces": [«7»] }'),
    "null-entry": ("entry-not-table", '{ "kv_namespaces": [«null»] }'),
    "array-entry": ("entry-not-table", '{ "kv_namespaces": [«[]»] }'),
    # binding
    "no-binding": ("binding-missing", f'«[[kv_namespaces]]»\nid = "{ID}"\n'),
    "no-binding-inline": ("binding-missing", f'kv_namespaces = [«{{ id = "{ID}" }}»]\n'),
    "no-binding-json": ("binding-missing", f'{{ "kv_namespaces": [«{{ "id": "{ID}" }}»] }}'),
    "nothing-in-entry": ("binding-missing", "kv_namespaces = [«{}»]\n"),
    "no-binding-in-environment": (
        "binding-missing",
        f'[env.prod]\nkv_namespaces = [«{{ id = "{ID}" }}»]\n',
    ),
    "empty-binding": ("binding-missing", '[[kv_namespaces]]\nbinding = «""»\n'),
    "number-binding": ("binding-not-string", "[[kv_namespaces]]\nbinding = «12»\n"),
    "boolean-binding": ("binding-not-string", '{ "kv_namespaces": [{ "binding": «true» }] }'),
    "null-binding": ("binding-not-string", '{ "kv_namespaces": [{ "binding": «null» }] }'),
    "array-binding": ("binding-not-string", 'kv_namespaces = [{ binding = «["A"]» }]\n'),
    "setting-below-an-entry": (
        "unknown-field",
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n«tail_consumers» = [{{ service = "x" }}]\n',
    ),
    "space-in-id": ("id-malformed", f'[[kv_namespaces]]\nbinding = "A"\nid = «" {ID}"»\n'),
    "hyphen": ("binding-not-identifier", '[[kv_namespaces]]\nbinding = «"my-kv"»\n'),
    "digit-first": ("binding-not-identifier", '[[kv_namespaces]]\nbinding = «"1KV"»\n'),
    "blank-in-name": ("binding-not-identifier", '[[kv_namespaces]]\nbinding = «"MY KV"»\n'),
    "emoji": ("binding-not-identifier", '[[kv_namespaces]]\nbinding = «"😀"»\n'),
    "twice": (
        "binding-duplicate",
        f'kv_namespaces = [\n  {{ binding = "A", id = "{ID}" }},\n'
        f'  {{ binding = «"A"», id = "{OTHER}" }},\n]\n',
    ),
    "thrice-in-tables": (
        "binding-duplicate",
        '[[kv_namespaces]]\nbinding = "A"\n[[kv_namespaces]]\nbinding = «"A"»\n'
        "[[kv_namespaces]]\nbinding = «'A'»\n",
    ),
    "twice-in-environment": (
        "binding-duplicate",
        '[[env.prod.kv_namespaces]]\nbinding = "A"\n[[env.prod.kv_namespaces]]\nbinding = «"A"»\n',
    ),
    "twice-json": (
        "binding-duplicate",
        '{ "env": { "x": { "kv_namespaces": [{"binding":"A"}, {"binding":«"A"»}] } } }',
    ),
    # id
    "empty-id": ("id-empty", '[[kv_namespaces]]\nbinding = "A"\nid = «""»\n'),
    "number-id": ("id-not-string", '[[kv_namespaces]]\nbinding = "A"\nid = «42»\n'),
    "null-id": ("id-not-string", '{ "kv_namespaces": [{ "binding": "A", "id": «null» }] }'),
    "d1-id": (
        "id-malformed",
        '[[kv_namespaces]]\nbinding = "A"\nid = «"f9e585b1-b612-4863-a8f5-c477bde3d1ba"»\n',
    ),
    "one-digit-more": ("id-malformed", f'[[kv_namespaces]]\nbinding = "A"\nid = «"{ID}0"»\n'),
    "one-digit-less": ("id-malformed", f'[[kv_namespaces]]\nbinding = "A"\nid = «"{ID[1:]}"»\n'),
    "not-hex": ("id-malformed", f'[[kv_namespaces]]\nbinding = "A"\nid = «"g{ID[1:]}"»\n'),
    "one-digit-less-beside-a-real-one": (
        "id-malformed",
        f'[[kv_namespaces]]\nbinding = "A"\nid = «"{ID[1:]}"»\n'
        f'[[env.production.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n',
    ),
    "name-beside-a-real-one": (
        "id-malformed",
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
        '[[kv_namespaces]]\nbinding = "B"\nid = «"dev"»\n',
    ),
    "name-in-a-worker-in-javascript": (
        "binding-not-identifier",
        f'main = "build/index.ts"\nkv_namespaces = [{{ binding = «"my-kv"», id = "{ID}" }}]\n',
    ),
    "name-as-id": ("id-malformed", '[[kv_namespaces]]\nbinding = "A"\nid = «"DEV_KV"»\n'),
    # preview_id, remote, other fields
    "empty-preview-id": (
        "preview-id-empty",
        f'kv_namespaces = [{{ binding = "A", id = "{ID}", preview_id = «""» }}]\n',
    ),
    "number-preview-id": (
        "preview-id-not-string",
        '[[kv_namespaces]]\nbinding = "A"\npreview_id = «1»\n',
    ),
    "remote-string": (
        "remote-not-boolean",
        '[[kv_namespaces]]\nbinding = "A"\nremote = «"true"»\n',
    ),
    "remote-number": ("remote-not-boolean", '[[kv_namespaces]]\nbinding = "A"\nremote = «1»\n'),
    "misspelled": ("unknown-field", '[[kv_namespaces]]\nbinding = "A"\n«previewid» = "x"\n'),
    "quoted-and-unknown": ("unknown-field", '[[kv_namespaces]]\nbinding = "A"\n«"color"» = 1\n'),
    "two-unknown": (
        "unknown-field",
        '{ "kv_namespaces": [{ "binding": "A", «"title"»: "x", «"ttl"»: 1 }] }',
    ),
    "in-the-third-environment": (
        "unknown-field",
        '[env.a]\n[env.b]\n[[env.c.kv_namespaces]]\nbinding = "A"\n«idd» = "x"\n',
    ),
    "after-emoji-and-crlf": (
        "unknown-field",
        '# 😀\r\n[[kv_namespaces]]\r\nbinding = "A" # 😀\r\n«idd» = 1\r\n',
    ),
    # lists in a wrong place or under a wrong name
    "under-vars": (
        "kv-captured",
        f'[vars]\nX = "1"\n«kv_namespaces» = [{{ binding = "A", id = "{ID}" }}]\n',
    ),
    **{
        f"misspelled-{name}-under-{table}": (
            "kv-captured",
            f'[{table}]\n{field}\n«{name}» = [{{ binding = "A", id = "{ID}" }}]\n',
        )
        for name in ("kv-namespaces", "kv_namespace", "kvNamespaces", "kv_namepaces")
        for table, field in MISPLACED.items()
    },
    "header-after-an-environment": (
        "binding-duplicate",
        '[[kv_namespaces]]\nbinding = "A"\n'
        '[env.prod] # kvlens-disable-line environment-lacks-binding\nname = "p"\n'
        '[[kv_namespaces]]\nbinding = «"A"»\n[[env.prod.kv_namespaces]]\nbinding = "B"\n',
    ),
    "under-dev": ("kv-captured", '[dev]\nport = 1\n«kv_namespaces» = [{ binding = "A" }]\n'),
    "under-site": (
        "kv-captured",
        '[site]\nbucket = "b"\n«kv_namespaces» = [\n  { binding = "A" },\n]\n',
    ),
    "under-environment-vars": (
        "kv-captured",
        f'[env.prod.vars]\nX = "1"\n«kv_namespaces» = [{{ binding = "A", id = "{ID}" }}]\n',
    ),
    "under-another-array": (
        "kv-captured",
        '[[d1_databases]]\nbinding = "D"\n«kv_namespaces» = [{ binding = "A" }]\n',
    ),
    "headers-under-vars": (
        "kv-captured",
        '[[vars.«kv_namespaces»]]\nbinding = "A"\n[[vars.kv_namespaces]]\nbinding = "B"\n',
    ),
    "dotted-under-vars": ("kv-captured", 'vars.«kv_namespaces» = [{ binding = "A" }]\n'),
    "inline-under-vars": ("kv-captured", 'vars = { «kv_namespaces» = [{ binding = "A" }] }\n'),
    "no-environment-named": ("kv-captured", '[env]\n«kv_namespaces» = [{ binding = "A" }]\n'),
    "json-under-vars": (
        "kv-captured",
        f'{{\n  "vars": {{\n    "X": "1",\n    «"kv_namespaces"»: [{{ "binding": "A", "id": "{ID}" }}]\n  }}\n}}\n',
    ),
    "json-under-environment-vars": (
        "kv-captured",
        '{ "env": { "p": { "name": "x", "vars": { «"kv_namespaces"»: [{ "binding": "A" }] } } } }',
    ),
    "hyphen-in-list": ("kv-misnamed", f'«kv-namespaces» = [{{ binding = "A", id = "{ID}" }}]\n'),
    "singular": ("kv-misnamed", '«kv_namespace» = [{ binding = "A" }]\n'),
    "singular-header": (
        "kv-misnamed",
        '[[«kv_namespace»]]\nbinding = "A"\n[[kv_namespace]]\nbinding = "B"\n',
    ),
    "camel-case": ("kv-misnamed", '{ «"kvNamespaces"»: [{ "binding": "A" }] }'),
    "upper-case": ("kv-misnamed", '«KV_namespaces» = [{ binding = "A" }]\n'),
    "letters-swapped": ("kv-misnamed", '[[env.p.«kv_namepsaces»]]\nbinding = "A"\n'),
    "kv-alone": ("kv-misnamed", '[[«kv»]]\nbinding = "A"\n'),
    "misnamed-in-an-environment": (
        "kv-misnamed",
        '[[kv_namespaces]]\nbinding = "A"\n[[env.p.«kv_namespace»]]\nbinding = "A"\n',
    ),
    "misplaced-in-an-environment": (
        "kv-captured",
        '[[kv_namespaces]]\nbinding = "A"\n[env.p.site]\nbucket = "b"\n'
        '[[env.p.site.«kv_namespaces»]]\nbinding = "A"\n',
    ),
    "misnamed-in-previews": ("kv-misnamed", '[[previews.«kv_namespace»]]\nbinding = "A"\n'),
    "misnamed-quoted": ("kv-misnamed", '["env"."p"]\n«"kv-namespaces"» = [{ binding = "A" }]\n'),
    "previews-not-array": ("kv-not-array", "[previews]\nkv_namespaces = «1»\n"),
    "previews-one-table": ("kv-not-array", '[previews.«kv_namespaces»]\nbinding = "A"\n'),
    "previews-entry": ("binding-not-string", "[[previews.kv_namespaces]]\nbinding = «1»\n"),
    "previews-of-environment": (
        "unknown-field",
        '[[env.p.previews.kv_namespaces]]\nbinding = "A"\n«idd» = "1"\n',
    ),
    "unsafe": (
        "unsafe-kv",
        f'[[unsafe.bindings]]\nname = "A"\ntype = «"kv_namespace"»\nnamespace_id = "{ID}"\n',
    ),
    "unsafe-json": (
        "unsafe-kv",
        '{ "env": { "p": { "unsafe": { "bindings": [\n  { "name": "A", "type": «"kv_namespace"» }\n] } } } }',
    ),
    # environments
    "environment-without": (
        "environment-lacks-binding",
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n\n[env.«prod»]\nname = "x"\n',
    ),
    "environment-above-a-header": (
        "environment-lacks-binding",
        '[[kv_namespaces]]\nbinding = "A"\n[env.«prod»]\nname = "p"\n[[kv_namespaces]]\nbinding = "B"\n',
    ),
    "environment-with-another": (
        "environment-lacks-binding",
        'kv_namespaces = [{ binding = "A" }, { binding = "B" }]\n'
        '[env.«a»]\nkv_namespaces = [\n  { binding = "B" }, # b\n]\n[[env.«b».kv_namespaces]]\nbinding = "A"\n',
    ),
    "environment-with-empty-list": (
        "environment-lacks-binding",
        'kv_namespaces = [{ binding = "A" }]\nenv.«p».kv_namespaces = []\n',
    ),
    "environment-with-another-in-a-comment": (
        "environment-lacks-binding",
        'kv_namespaces = [{ binding = "A" }, { binding = "B" }]\n'
        '[env.«a»]\nkv_namespaces = [\n  { binding = "B" }, # as binding A\n]\n'
        '# { binding = "A" }\n',
    ),
    "environment-with-a-comment-on-another": (
        "environment-lacks-binding",
        'kv_namespaces = [{ binding = "A" }]\n[env.«p»]\nname = "p"\n'
        '# [[env.q.kv_namespaces]]\n# binding = "A"\n# see [[env.p.kv_namespaces]]\n',
    ),
    "environment-json": (
        "environment-lacks-binding",
        '{\n  "kv_namespaces": [{ "binding": "A" }],\n  "env": {\n    «"p"»: { "name": "x" }\n  }\n}\n',
    ),
    # names of other types
    "name-of-variable": (
        "name-duplicate",
        f'[vars]\nA = "1"\n[[kv_namespaces]]\nbinding = «"A"»\nid = "{ID}"\n',
    ),
    "name-of-variable-json": (
        "name-duplicate",
        '{ "vars": { "A": null }, "kv_namespaces": [{ "binding": «"A"» }] }',
    ),
    "name-of-database": (
        "name-duplicate",
        'kv_namespaces = [{ binding = «"A"» }]\n'
        '[[d1_databases]]\nbinding = "A"\ndatabase_name = "a"\ndatabase_id = "1"\n',
    ),
    "name-of-secret": (
        "name-duplicate",
        'secrets = { required = ["A"] }\nkv_namespaces = [{ binding = «"A"» }]\n',
    ),
    "name-of-queue": (
        "name-duplicate",
        '[[queues.producers]]\nbinding = "A"\nqueue = "q"\n[[kv_namespaces]]\nbinding = «"A"»\n',
    ),
    "name-of-durable-object": (
        "name-duplicate",
        'kv_namespaces = [{ binding = «"A"» }]\n'
        '[durable_objects]\nbindings = [{ name = "A", class_name = "C" }]\n',
    ),
    "name-of-assets-inherited": (
        "name-duplicate",
        'main = "x.js"\nassets = { directory = "d", binding = "A" }\n'
        '[[env.p.kv_namespaces]]\nbinding = «"A"»\n',
    ),
    "name-of-one": (
        "name-duplicate",
        'ai = { binding = "A" }\nkv_namespaces = [{ binding = «"A"» }]\n',
    ),
    "name-of-mail-sender": (
        "name-duplicate",
        'kv_namespaces = [{ binding = «"A"» }]\n[[send_email]]\nname = "A"\n',
    ),
    "names-of-others": (
        "name-duplicate",
        '[[r2_buckets]]\nbinding = "R"\nbucket_name = "one"\n'
        '[[r2_buckets]]\nbinding = «"R"»\nbucket_name = "two"\n',
    ),
    "assets-in-pages": (
        "assets-in-pages",
        'name = "x"\npages_build_output_dir = "d"\n[[kv_namespaces]]\nbinding = «"ASSETS"»\n',
    ),
    # ids side by side
    "same-id-twice": (
        "id-twice",
        f'kv_namespaces = [{{ binding = "A", id = "{ID}" }}, {{ binding = "B", id = «"{ID}"» }}]\n',
    ),
    "same-id-in-environments": (
        "id-shared",
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
        f'[[env.p.kv_namespaces]]\nbinding = "A"\nid = «"{ID}"»\n'
        f'[[env.q.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n',
    ),
    "same-id-in-environments-below-another-comment": (
        "id-shared",
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n# not shared with staging\n[env.p]\nname = "p"\n'
        f'[[env.p.kv_namespaces]]\nbinding = "A"\nid = «"{ID}"»\n',
    ),
    "same-id-in-environments-of-pages": (
        "id-shared",
        f'pages_build_output_dir = "d"\n[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
        f'[[env.production.kv_namespaces]]\nbinding = "A"\nid = «"{ID}"»\n',
    ),
    "same-ids-in-environments": (
        "id-shared",
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n[[kv_namespaces]]\nbinding = "B"\nid = "{OTHER}"\n'
        f'[[env.p.kv_namespaces]]\nbinding = "A"\nid = «"{ID}"»\n'
        f'[[env.p.kv_namespaces]]\nbinding = "B"\nid = "{OTHER}"\n',
    ),
    "same-id-in-environments-of-other-names": (
        "id-shared",
        f'name = "a"\n[[kv_namespaces]]\nbinding = "A"\nid = "{OTHER}"\n'
        f'[env.p]\nname = "a"\n[[env.p.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
        f'[env.q]\nname = "a-q"\n[[env.q.kv_namespaces]]\nbinding = "A"\nid = «"{ID}"»\n',
    ),
    "same-id-three-times": (
        "id-twice",
        f'kv_namespaces = [{{ binding = "A", id = "{ID}" }}, {{ binding = "B", id = «"{ID}"» }}, '
        f'{{ binding = "C", id = "{ID}" }}]\n',
    ),
    "same-id-and-preview-id": (
        "id-is-preview-id",
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\npreview_id = «"{ID}"»\n',
    ),
    "same-id-and-preview-id-with-a-comment": (
        "id-is-preview-id",
        "# wrangler kv namespace create A, and --preview for preview_id\n"
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\npreview_id = «"{ID}"»\n',
    ),
    "same-id-and-preview-id-with-a-comment-elsewhere": (
        "id-is-preview-id",
        "# preview_id is for wrangler dev --remote\n"
        f'\n[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\npreview_id = «"{ID}"»\n',
    ),
    "placeholder-of-a-source-of-a-similar-name": (
        "id-placeholder",
        'main = "src/example-shop.js"\nkv_namespaces = [{ binding = "A", id = «"xxx"» }]\n',
    ),
    "remote-true": (
        "remote-writes",
        f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\nremote = «true»\n',
    ),
    "remote-true-json": (
        "remote-writes",
        f'{{ "kv_namespaces": [{{ "binding": "A", "id": "{ID}", "remote": «true» }}] }}',
    ),
    # fields that belong to the Worker
    "main-below-a-namespace": (
        "unknown-field",
        f'name = "x"\n\n[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n\n«main» = "x.js" # m\n«workers_dev» = true\n',
    ),
    # duplicate keys in JSON
    "json-list-twice": (
        "json-key-twice",
        '{\n  "kv_namespaces": [{ "binding": "A" }], // a\n  «"kv_namespaces"»: [{ "binding": "B" }]\n}\n',
    ),
    "json-field-twice": (
        "json-key-twice",
        f'{{ "kv_namespaces": [{{ "binding": "A", "id": "{OTHER}", «"id"»: "{ID}" }}] }}',
    ),
    "json-deep-twice": ("json-key-twice", '{ "vars": { "a": [{ "b": { "c": 1, «"c"»: 2 } }] } }'),
    # comments that silence
    "silence-misspelled": ("silence-unknown", '# kvlens-disable-line «id-shraed»\nname = "x"\n'),
    "silence-another-word": ("silence-unknown", '# «kvlens-ignore» id-shared\nname = "x"\n'),
    "silence-in-a-file": ("silence-unknown", 'name = "x" # «kvlens-disable» id-shared\n'),
    "silence-nothing": ("silence-unknown", 'name = "x" # «kvlens-disable-next-line»\n'),
    "silence-one-of-two": (
        "silence-unknown",
        '{ "kv_namespaces": [{ "binding": "1" }] } // kvlens-disable-line binding-not-identifier, «x»\n',
    ),
    "empty-file": ("config-empty", "«»"),
    "blank-file": ("config-empty", "«»\n\n  \n"),
}

PLACEHOLDERS = (
    "<YOUR_KV_ID>",
    "YOUR_KV_NAMESPACE_ID",
    "your-kv-namespace-id-here",
    "placeholder",
    "REPLACE_ME",
    "change-me",
    "TODO",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxx",
    "00000000000000000000000000000000",
    "0123456789abcdef0123456789abcdef",
    "abcdefabcdefabcdefabcdefabcdefab",
    "你的KV命名空间ID",
    "FILL THIS OUT",
    "abc...",
    "KV_NAMESPACE_ID",
    "some-kv-id",
)

# Nothing is wrong with these.
CLEAN = {
    "id-of-an-example": 'main = "example.js"\nkv_namespaces = [{ binding = "A", id = "xxx" }]\n',
    "id-of-one-of-the-examples": 'main = "./examples/shop.ts"\n[[kv_namespaces]]\n'
    'binding = "A"\nid = "randomly-generated"\n',
    "inline": f'kv_namespaces = [{{ binding = "A", id = "{ID}" }}]\n',
    "all-fields": f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\npreview_id = "{OTHER}"\n'
    "remote = false\n",
    "ids-that-a-script-fills-in": "kv_namespaces = ["
    + ", ".join(
        f'{{ binding = "B{n}", id = "{value}" }}'
        for n, value in enumerate(("${KV_ID}", "$KV_ID", "{{kv-id}}", "%KV_ID%", "__KV_ID__"))
    )
    + "]\n",
    "name-for-local-data": '[[kv_namespaces]]\nbinding = "A"\nid = "dev"\n'
    f'[[env.production.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n',
    "name-in-a-worker-in-rust": 'main = "build/worker/shim.mjs"\n'
    f'[build]\ncommand = "worker-build --release"\n[[kv_namespaces]]\nbinding = "my-kv"\nid = "{ID}"\n',
    "name-in-a-worker-in-python": f'main = "src/entry.py"\ncompatibility_flags = ["python_workers"]\nkv_namespaces = [{{ binding = "my-kv", id = "{ID}" }}]\n',
    "shared-by-a-comment": f'[[env.p.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'[[env.s.kv_namespaces]]\nbinding = "A"\n# the same as production\nid = "{ID}"\n',
    "shared-by-a-comment-above": f'[[env.p.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'# shared\n[[env.s.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n',
    "environment-with-a-list-in-a-comment": 'kv_namespaces = [{ binding = "A" }]\n[env.p]\nname = "p"\n'
    '# to create: wrangler kv namespace create A --env p\n# [[env.p.kv_namespaces]]\n# binding = "A"\n',
    "shared-by-the-top-level-of-pages": 'pages_build_output_dir = "d"\n'
    f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'[[env.production.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'[[env.preview.kv_namespaces]]\nbinding = "A"\nid = "{OTHER}"\n',
    "preview-by-a-comment": "# created by hand\n# preview_id = id, volontairement: `wrangler dev\n"
    f'# --remote` remplit le cache\n[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'preview_id = "{ID}"\n',
    "preview-by-a-comment-in-json": '{ "kv_namespaces": [\n  /* preview_id is for `wrangler dev\n'
    f'  --remote` */\n  {{ "binding": "A", "id": "{ID}", "preview_id": "{ID}" }}\n] }}\n',
    "preview-shared": f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'preview_id = "{ID}" # the same on purpose\n',
    "environment-with-the-binding-in-a-comment": '{ "kv_namespaces": [{ "binding": "A" }], "env": {\n'
    '"p": { "kv_namespaces": [\n  // once there are keys: { "binding": "A", "id": "x" }\n] } } }\n',
    "shared-by-one-worker": f'name = "a"\n[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'[env.p]\nname = "a"\n[[env.p.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n',
    "shared-by-an-unused-id": f'[[env.p.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'[[env.s.kv_namespaces]]\nbinding = "A"\nid = "{ID}" # for local-only dev; not used in deploy\n',
    "shared-by-a-comment-above-the-environment": f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    f'# shares KV with production\n[env.s]\nname = "s"\n[[env.s.kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n',
    "shared-by-a-comment-above-the-environments-in-json": f'{{ "kv_namespaces": [{{ "binding": "A", "id": "{ID}" }}],\n'
    f'// previews, sharing all data\n"env": {{\n"p": {{ "kv_namespaces": [{{ "binding": "A", "id": "{ID}" }}] }} }} }}',
    "shared-by-name": f'[[kv_namespaces]]\nbinding = "SHARED_KV"\nid = "{ID}"\n'
    f'[[env.s.kv_namespaces]]\nbinding = "SHARED_KV"\nid = "{ID}"\n',
    "twice-by-a-comment": f'kv_namespaces = [\n  {{ binding = "A", id = "{ID}" }},\n'
    f'  {{ binding = "B", id = "{ID}" }}, # an alias for A\n]\n',
    "template-in-strings": '[define] # {{x}}\nA = "{{name}}"\nB = \'{{main}}\'\n[vars]\nA = """\n{{a}}\n"""\n',
    "template-in-several-strings": '[vars]\nA = ["{{", "}}"]\nB = "{{" # "}}"\n',
    "template-in-strings-of-json": '{ "define": { "A": "{{name}}" /* {{x}} */, "B": "<%= main %>" } } // {{y}}',
    "no-id": '[[kv_namespaces]]\nbinding = "A"\n',
    "upper-case-id": f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID.upper()}"\n',
    "preview-id-is-any-name": f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\npreview_id="dev"\n',
    "dollar": '[[kv_namespaces]]\nbinding = "$kv_1"\n',
    "letters-of-any-script": '[[kv_namespaces]]\nbinding = "größe"\n',
    "same-binding-elsewhere": f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
    '[[env.a.kv_namespaces]]\nbinding = "A"\n[[env.b.kv_namespaces]]\nbinding = "A"\n',
    "empty-array": "kv_namespaces = []\n",
    "no-kv": 'name = "x"\n[vars]\nA = "1"\n',
    "jsonc": '// c\n{\n  "kv_namespaces": [\n'
    f'    {{ "binding": "A", "id": "{ID}", /* d */ }},\n  ],\n}}\n',
    "commented-out": "# [[kv_namespaces]]\n# id = 1\n",
    "variables-like-a-namespace": f'[vars]\nKV_ID = "{ID}"\nkv = {{ binding = "A", id = "x" }}\n'
    f'id = "{ID}"\nCACHE = {{ id = "{ID}" }}\nLIST = ["{ID}"]\n',
    "variable-list-of-names": '[vars]\nkv_namespaces = ["A", "B"]\n',
    "variable-of-the-name": '[vars]\nkv_namespaces = "see the docs"\nkv = "x"\n',
    "other-namespaces": '[[dispatch_namespaces]]\nbinding = "D"\nnamespace = "n"\n',
    "list-in-previews": '[[previews.kv_namespaces]]\nbinding = "A"\n',
    "same-name-in-vars-elsewhere": '[vars]\nA = "1"\n[[env.p.kv_namespaces]]\nbinding = "A"\n',
    "environment-without-kv-at-the-top": '[env.a]\nname = "x"\n[[env.b.kv_namespaces]]\nbinding = "A"\n',
    "empty-list-at-the-top": 'kv_namespaces = []\n[env.a]\nname = "x"\n',
    "assets-outside-pages": '[[kv_namespaces]]\nbinding = "ASSETS"\n',
    "same-preview-id-as-another": f'kv_namespaces = [{{ binding = "A", id = "{ID}", preview_id = "x" }}, '
    f'{{ binding = "B", id = "{OTHER}", preview_id = "x" }}]\n',
    "remote-on-a-preview": f'kv_namespaces = [{{ binding = "A", id = "{ID}", preview_id = "{OTHER}", remote = true }}]\n',
    "remote-without-id": 'kv_namespaces = [{ binding = "A", remote = true }]\n',
    "same-key-in-two-objects": '{ "vars": { "a": { "b": 1 }, "c": { "b": 1 } } }',
    "silenced-line": '[[kv_namespaces]]\nbinding = "my-kv" # kvlens-disable-line binding-not-identifier\n',
    "silenced-next-line": "# kvlens-disable-next-line id-placeholder, id-malformed -- filled in later\n"
    'kv_namespaces = [{ binding = "A", id = "<ID>" }]\n',
    "silenced-json": '{ "kv_namespaces": [{ "binding": "A-B" }] /* kvlens-disable-line binding-not-identifier */ }',
    "silence-in-a-string": '[vars]\nX = "# kvlens-disable-line nothing"\n',
}

# Its folder matters: with a wrangler before TOML 1.1, or another config that takes precedence.
OLD = ProjectContext(wrangler=(4, 100, 0), installed=True)
PLACED: dict[str, tuple[str, ProjectContext, str]] = {
    "lines-in-table": (
        "toml-too-new",
        OLD,
        f'kv_namespaces = [\n  «{{»\n    binding = "A",\n    id = "{ID}",\n  }},\n]\n',
    ),
    "comma-last": (
        "toml-too-new",
        OLD,
        'kv_namespaces = [{ binding = "A"«,» }, { binding = "B" }]\n',
    ),
    "escape": ("toml-too-new", OLD, 'x = "«\\e»[1m"\ny = "«\\x41»\\\\x41"\n'),
    "shadowed": ("config-shadowed", ProjectContext("wrangler.jsonc"), '«name = "x"»\n'),
    "shadowed-from-above": ("config-shadowed", ProjectContext("../wrangler.json"), "«»"),
}
PLACED_CLEAN: dict[str, tuple[ProjectContext, str]] = {
    "old-form": (
        OLD,
        "x = [\n  { a = 1, b = [\n    1,\n  ] },\n]\ny = { a = 'x\\e', b = \"\\\\e\" }\n",
    ),
    "newer-wrangler": (ProjectContext(wrangler=(4, 137, 0)), "x = {\n  a = 1,\n}\n"),
    "unknown-wrangler": (ProjectContext(), "x = {\n  a = 1,\n}\n"),
}

LACKING = f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n[env.prod]\nname = "x"\n'
TEMPLATE = "name = {{project-name}}\n"
# Where a config's name decides: the path, the text, the codes of the problems.
NAMED: dict[str, tuple[str, str, list[str]]] = {
    "environment-in-a-project": ("wrangler.staging.toml", LACKING, ["environment-lacks-binding"]),
    "environment-with-variables-that-nothing-names": (
        "wrangler-api.toml",
        LACKING.replace(ID, "${KV_ID}"),
        [],
    ),
    "environment-with-variables-in-a-project": (
        "wrangler.toml",
        LACKING.replace(ID, "${KV_ID}"),
        ["environment-lacks-binding"],
    ),
    "environment-with-a-name-that-nothing-names": (
        "wrangler-api.toml",
        LACKING,
        ["environment-lacks-binding"],
    ),
    "environment-in-a-test": ("wrangler.test.toml", LACKING, []),
    "environment-in-an-example": ("wrangler.example.toml", LACKING, []),
    "template-in-a-project": ("wrangler.staging.toml", TEMPLATE, ["config-template"]),
    "template-that-says-so": ("wrangler.template.toml", TEMPLATE, []),
    "empty": ("wrangler.toml", "", ["config-empty"]),
    "empty-with-another-name": ("wrangler-api.toml", "", []),
}

# Half-typed: only the syntax check may report a problem.
HALF_TYPED = {
    "open-header": "[[kv_namespaces",
    "half-closed-header": "[[env.prod.kv_namespaces]\n",
    "key": "[[kv_namespaces]]\nbin",
    "equals": "[[kv_namespaces]]\nbinding =",
    "open-quote": '[[kv_namespaces]]\nbinding = "',
    "open-id": f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID[:9]}\n',
    "open-brace": f'kv_namespaces = [\n  {{ binding = "A", id = "{ID}" }},\n  {{ \n]\n',
    "inline-key": "kv_namespaces = [{ bind }]\n",
    "array-equals": "kv_namespaces =",
    "json-colon": '{ "kv_namespaces": [{ "binding": }] }',
    "json-open-quote": '{ "kv_namespaces": [{ "binding": "A\n }] }',
}


def problems_of(text: str) -> list[Problem]:
    """Check a text as TOML, or as JSON if it begins like JSON."""
    name = "wrangler.jsonc" if text.startswith(("{", "//")) else "wrangler.toml"
    return check(load_text(text, name))


@pytest.mark.parametrize(("code", "text"), CASES.values(), ids=CASES)
def test_rule_underlines_the_very_place(code: str, text: str) -> None:
    plain, spans = marked(text)
    found = problems_of(plain)
    assert [(p.code, plain[slice(*p.span)]) for p in found] == [
        (code, plain[slice(*span)]) for span in spans
    ]
    assert [tuple(p.span) for p in found] == spans
    assert {p.severity for p in found} == {RULES[code].severity}


@pytest.mark.parametrize(("code", "context", "text"), PLACED.values(), ids=PLACED)
def test_rule_of_a_place(code: str, context: ProjectContext, text: str) -> None:
    plain, spans = marked(text)
    config = load_text(plain, "wrangler.toml")
    found = [p for p in check(config, context) if p.code == code]
    assert [tuple(p.span) for p in found] == spans
    assert code not in [p.code for p in check(config)]


@pytest.mark.parametrize(("context", "text"), PLACED_CLEAN.values(), ids=PLACED_CLEAN)
def test_right_configs_have_no_problem_where_they_are(context: ProjectContext, text: str) -> None:
    assert check(load_text(text, "wrangler.toml"), context) == []


@pytest.mark.parametrize(("path", "text", "expected"), NAMED.values(), ids=NAMED)
def test_rule_that_heeds_the_name(path: str, text: str, expected: list[str]) -> None:
    assert [problem.code for problem in check(load_text(text, path))] == expected


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_placeholder_is_one_problem(value: str) -> None:
    text = f'[[kv_namespaces]]\nbinding = "A"\nid = "{value}"\n'
    assert [(p.code, text[slice(*p.span)]) for p in problems_of(text)] == [
        ("id-placeholder", f'"{value}"')
    ]


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN)
def test_right_configs_have_no_problem(text: str) -> None:
    assert problems_of(text) == []


@pytest.mark.parametrize("text", HALF_TYPED.values(), ids=HALF_TYPED)
def test_half_typed_text_is_left_to_the_judge(text: str) -> None:
    assert [problem.code for problem in problems_of(text)] == ["syntax-error"]


WORDS = {
    "nearest-field": ('[[kv_namespaces]]\nbinding="A"\npreviewid="x"', 'Did you mean "preview_id"'),
    "other-name": ('[[kv_namespaces]]\nbinding="A"\nnamespace_id="x"', 'Did you mean "id"'),
    "old-name": ('[[kv_namespaces]]\nbinding="A"\nexperimental_remote=true', '"remote"'),
    "there-already": (
        '[[kv_namespaces]]\nbinding="A"\nname="B"',
        'the namespace already has "binding"',
    ),
    "no-nearest": ('[[kv_namespaces]]\nbinding="A"\nx="B"', "binding, id, preview_id and remote"),
    "brackets": ('[env.prod.kv_namespaces]\nbinding="A"', "write [[env.prod.kv_namespaces]]"),
    "around": ('kv_namespaces = { binding = "A" }', "put [ and ] around it"),
    "json-array": ('{"kv_namespaces": "A"}', 'the string "A": write [{ "binding": "NAME"'),
    "environment-named": ("[env.prod]\nkv_namespaces = 1", "env.prod.kv_namespaces should be"),
    "value-named": ("[[kv_namespaces]]\nbinding = 12", "the number 12"),
    "length-named": ('[[kv_namespaces]]\nbinding="A"\nid="DEV_KV"', "has 6 characters"),
    "letter-named": (f'[[kv_namespaces]]\nbinding="A"\nid="{ID[1:]}g"', 'has "g" in it'),
    "uuid-named": (
        '[[kv_namespaces]]\nbinding="A"\nid="f9e585b1-b612-4863-a8f5-c477bde3d1ba"',
        "is a UUID, like the id of a D1 database",
    ),
    "better-name": ('[[kv_namespaces]]\nbinding="my-kv"', 'for example to "my_kv"'),
    "without-quotes": ('[[kv_namespaces]]\nbinding="A"\nremote="True"', "write true without"),
    "toml": ("x = 1 2", "Not valid TOML, so wrangler can't read the file: "),
    "json": ("{", "Not valid JSON, so wrangler can't read the file: "),
    "no-quotes": ("id = abc", "if it's a string, put it in quotes"),
    "zero-first": ("id = 0123", "if it's a string, put it in quotes"),
    "no-comma": ("x = [1 2]", "check for a missing comma, quote or bracket before it"),
    "ends-early": ("x = {a=1", "it ends in the middle of a value"),
    "over-the-line": ('x = "a\nb"', "close the quote"),
    "second-time": ("[vars]\nA = 1\n[vars]\n", 'duplicate key "vars"'),
    "json-no-comma": ('{"a": 1 "b": 2}', "a , is missing before this"),
    "json-no-colon": ('{"a" 1}', "a : is missing before this"),
    "json-two": ("{}{}", "check for a missing or an extra bracket"),
    "conflict": ('name = "a"\n<<<<<<< HEAD\nmain = "b"\n', "left from a merge conflict"),
    "conflict-end": ('main = "b"\n>>>>>>> main\n', "left from a merge conflict"),
    "conflict-in-json": ('{\n<<<<<<< HEAD\n"a": 1\n}', "left from a merge conflict"),
    "json-no-name": ("{a: 1}", "a name in double quotes is expected here"),
}


@pytest.mark.parametrize(("text", "words"), WORDS.values(), ids=WORDS)
def test_message_names_the_way_out(text: str, words: str) -> None:
    assert words in " | ".join(problem.message for problem in problems_of(text))


def test_messages_are_short_sentences_for_any_value() -> None:
    long = "x-" * 5_000
    texts = [marked(text)[0] for _, text in CASES.values()]
    texts.append(f'[[kv_namespaces]]\nbinding = "{long}"\nid = "{long}"\n')
    for text in texts:
        for problem in problems_of(text):
            assert problem.message.endswith((".", "?"))
            assert "\n" not in problem.message
            assert len(problem.message) < 400


def test_duplicate_points_to_the_first() -> None:
    text = '[[kv_namespaces]]\nbinding = "A"\n\n[[kv_namespaces]]\nbinding = "A"\n'
    (problem,) = problems_of(text)
    (related,) = problem.related
    assert related.span.start == text.index('"A"')


def test_duplicate_is_found_while_another_entry_is_broken() -> None:
    text = '[[kv_namespaces]]\nbinding = "A"\n[[kv_namespaces]]\nbinding = "A"\nid ='
    assert "binding-duplicate" in [problem.code for problem in problems_of(text)]


def test_kept_findings_move_with_their_entry() -> None:
    reader = ConfigReader("wrangler.toml")
    body = '[[kv_namespaces]]\nbinding = "my-kv"\nidd = 1\n' * 2
    for before in ("", "# 😀\n", 'name = "a longer line above"\n', ""):
        text = before + body
        fresh = check_structure(load_text(text, "wrangler.toml"))
        assert check_structure(reader.read(text)) == fresh
        assert [text[slice(*p.span)] for p in fresh if p.code == "unknown-field"] == ["idd"] * 2


def test_syntax_and_structure_together_are_the_whole() -> None:
    text = "[[kv_namespaces]]\nid = 1\nid = 2\n"
    config = load_text(text, "wrangler.toml")
    whole = check(config)
    parts = [*check_text(config), *check_structure(config)]
    assert len(parts) > 2
    assert whole == sorted(parts, key=lambda problem: (problem.span, problem.code))


def test_an_empty_json_file_says_so() -> None:
    (problem,) = check(load_text(" \n", "wrangler.json"))
    assert problem.code == "syntax-error"
    assert "start with {}" in problem.message


def test_a_file_that_cannot_be_read_is_a_problem() -> None:
    problem = file_problem("is a binary file")
    assert (problem.code, problem.severity) == ("unreadable-file", "error")


PAGES = Path(__file__).parents[2] / "docs" / "rules"


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_its_page(code: str) -> None:
    rule = RULES[code]
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {code}\n\n{rule.summary}. Severity: {rule.level}.\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == ["What", "Why", "Example", "Fix"]
    assert Problem(code, rule.severity, "", file_problem("").span).url.endswith(f"/{code}.md")


def examples(heading: str) -> list[tuple[str, str, str]]:
    """Return (code, language, config) of the config blocks under a heading of every page."""
    found = []
    for code in RULES:
        page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
        section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
        for language, text in re.findall(r"```(toml|jsonc)\n(.*?)```", section, re.DOTALL):
            found.append((code, language, text))
    return found


@pytest.mark.parametrize(("code", "language", "text"), examples("Example"))
def test_examples_of_the_pages_show_their_rule(code: str, language: str, text: str) -> None:
    problems = check(load_text(text, f"wrangler.{language}"), OLD)
    assert {problem.code for problem in problems} == {code}


@pytest.mark.parametrize(("code", "language", "text"), examples("Example"))
def test_pages_say_what_is_fixed_in_whole_files(code: str, language: str, text: str) -> None:
    config = load_text(text, f"wrangler.{language}")
    fixed = fixed_text(FixableConfig(config, OLD), check(config, OLD), {})
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert fixed is None or "`kvlens check --fix`" in page


@pytest.mark.parametrize(("code", "language", "text"), examples("Fix"))
def test_fixes_of_the_pages_are_clean(code: str, language: str, text: str) -> None:
    assert check(load_text(text, f"wrangler.{language}")) == []


def test_there_is_no_page_without_a_rule() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*rules(), "README"}

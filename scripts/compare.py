"""Check the same forty mistakes with KV Lens, wrangler, tombi and taplo, and write a report.

    .venv/bin/python -m scripts.compare

Writes docs/mistakes.md. wrangler reads each config as in `wrangler deploy`, without an
environment and with each one in the config. tombi and taplo get the JSON schema that comes with
wrangler, which they don't have by default.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from kvlens.config.project_context import read_context
from kvlens.config.reader import load_text
from kvlens.lint.check_config import check
from kvlens.lint.registry import is_off_by_default

from scripts.toolchain import BENCH_TREE, INTEROP_TREE, ROOT, node
from tests.bench import servers
from tests.bench.client import Client

PAGE = ROOT / "docs" / "mistakes.md"
SCHEMA = INTEROP_TREE / "node_modules" / "wrangler" / "config-schema.json"
TOML, JSON = "wrangler.toml", "wrangler.jsonc"
ID, OTHER = "0f2ac74b498b48028cb68387c421e279", "06779da6940b431db6e566b4846d64db"
HEAD = 'name = "shop"\nmain = "src/index.ts"\ncompatibility_date = "2026-01-01"\n'
KV = f'\n[[kv_namespaces]]\nbinding = "CARTS"\nid = "{ID}"\n'
RIGHT = f'{HEAD}{KV}preview_id = "{OTHER}"\n\n[[env.prod.kv_namespaces]]\nbinding = "CARTS"\n'
NOTHING, SILENT = "", "*silent*"
PATIENCE = 1.0  # seconds without output after which taplo has finished


class Mistake(NamedTuple):
    """One mistake: a description, our rule that finds it, and a config that has it."""

    what: str
    code: str
    text: str
    name: str = TOML
    beside: str = ""  # the name of another file with an empty config
    words: str = ""  # text required in other tools' messages, if they may report something else


class Answers(NamedTuple):
    """Each tool's result for one config: "error", "warning", "hint" or nothing."""

    ours: str
    wrangler: str
    tombi: str
    taplo: str


def entry(*lines: str) -> str:
    """Return a config with one namespace made of these lines."""
    return "\n".join((HEAD, "[[kv_namespaces]]", *lines, ""))


BINDING, GOOD_ID = 'binding = "CARTS"', f'id = "{ID}"'
MISTAKES = (
    Mistake("A value without its quotes", "syntax-error", entry(BINDING, "id = abc")),
    Mistake("A quote that is not closed", "syntax-error", entry('binding = "CARTS', GOOD_ID)),
    Mistake(
        "A comma missing between two namespaces",
        "syntax-error",
        f'{HEAD}kv_namespaces = [\n  {{ binding = "A" }}\n  {{ binding = "B" }}\n]\n',
    ),
    Mistake("A duplicate field in one namespace", "syntax-error", entry(BINDING, GOOD_ID, BINDING)),
    Mistake(
        "A duplicate key in JSON",
        "json-key-twice",
        '{\n  "kv_namespaces": [{ "binding": "A" }],\n  "kv_namespaces": [{ "binding": "B" }]\n}\n',
        JSON,
    ),
    Mistake(
        "`[kv_namespaces]` with one pair of brackets",
        "kv-not-array",
        f"{HEAD}\n[kv_namespaces]\n{BINDING}\n{GOOD_ID}\n",
    ),
    Mistake("`kv_namespaces` is a string", "kv-not-array", f'{HEAD}kv_namespaces = "CARTS"\n'),
    Mistake("Namespaces that are bare names", "entry-not-table", f'{HEAD}kv_namespaces = ["A"]\n'),
    Mistake("No binding", "binding-missing", entry(GOOD_ID)),
    Mistake("An empty binding", "binding-missing", entry('binding = ""', GOOD_ID)),
    Mistake("A binding that is a number", "binding-not-string", entry("binding = 1", GOOD_ID)),
    Mistake(
        "A binding that no code can name, `my-kv`",
        "binding-not-identifier",
        entry('binding = "my-kv"', GOOD_ID),
    ),
    Mistake(
        "A duplicate binding",
        "binding-duplicate",
        entry(BINDING, GOOD_ID) + entry(BINDING)[len(HEAD) :],
    ),
    Mistake(
        "A duplicate binding, and another mistake",
        "binding-duplicate",
        f"{HEAD}kv_namespaces = [{{ {BINDING} }}, {{ {BINDING} }}, {{ {GOOD_ID} }}]\n",
        words="assigned to",
    ),
    Mistake(
        "A binding with the name of a variable",
        "name-duplicate",
        f'{HEAD}{KV}\n[vars]\nCARTS = "on"\n',
    ),
    Mistake(
        "A binding with the name of a rate limit",
        "name-duplicate",
        f'{HEAD}{KV}\n[[ratelimits]]\nname = "CARTS"\nnamespace_id = "1"\n'
        "simple = { limit = 9, period = 60 }\n",
    ),
    Mistake(
        "A binding named ASSETS in a Pages project",
        "assets-in-pages",
        f'name = "shop"\npages_build_output_dir = "dist"\ncompatibility_date = "2026-01-01"\n'
        f'kv_namespaces = [{{ binding = "ASSETS", {GOOD_ID} }}]\n',
    ),
    Mistake("An id that is a number", "id-not-string", entry(BINDING, "id = 42")),
    Mistake("An empty id", "id-empty", entry(BINDING, 'id = ""')),
    Mistake("An id that is a placeholder", "id-placeholder", entry(BINDING, 'id = "<YOUR_ID>"')),
    Mistake("An id with a digit missing", "id-malformed", entry(BINDING, f'id = "{ID[1:]}"')),
    Mistake(
        "The id of a D1 database",
        "id-malformed",
        entry(BINDING, 'id = "f9e585b1-b612-4863-a8f5-c477bde3d1ba"'),
    ),
    Mistake(
        "One id under two bindings",
        "id-twice",
        f'{HEAD}{KV}\n[[kv_namespaces]]\nbinding = "PRICES"\n{GOOD_ID}\n',
    ),
    Mistake(
        "One id in two environments",
        "id-shared",
        f"{HEAD}{KV}\n[[env.prod.kv_namespaces]]\n{BINDING}\n{GOOD_ID}\n",
    ),
    Mistake(
        "A preview_id that is not a string",
        "preview-id-not-string",
        entry(BINDING, GOOD_ID, "preview_id = false"),
    ),
    Mistake("An empty preview_id", "preview-id-empty", entry(BINDING, GOOD_ID, 'preview_id = ""')),
    Mistake(
        "A preview_id that is the id",
        "id-is-preview-id",
        entry(BINDING, GOOD_ID, f'preview_id = "{ID}"'),
    ),
    Mistake('`remote = "true"`', "remote-not-boolean", entry(BINDING, GOOD_ID, 'remote = "true"')),
    Mistake(
        "`remote = true` on the data of production",
        "remote-writes",
        entry(BINDING, GOOD_ID, "remote = true"),
    ),
    Mistake(
        "A misspelled field, `previewid`",
        "unknown-field",
        entry(BINDING, GOOD_ID, 'previewid = "x"'),
    ),
    Mistake(
        "`main` below a namespace's header",
        "unknown-field",
        f'name = "shop"\ncompatibility_date = "2026-01-01"\n{KV}\nmain = "src/index.ts"\n',
    ),
    Mistake(
        "The list below `[vars]`",
        "kv-captured",
        f'{HEAD}\n[vars]\nX = "1"\nkv_namespaces = [{{ {BINDING}, {GOOD_ID} }}]\n',
    ),
    Mistake(
        "The list below `[dev]`",
        "kv-captured",
        f"{HEAD}\n[dev]\nport = 8000\nkv_namespaces = [{{ {BINDING}, {GOOD_ID} }}]\n",
    ),
    Mistake(
        "`kv-namespaces`", "kv-misnamed", f"{HEAD}kv-namespaces = [{{ {BINDING}, {GOOD_ID} }}]\n"
    ),
    Mistake(
        "`kv_namespace` in an environment",
        "kv-misnamed",
        f"{HEAD}\n[[env.prod.kv_namespace]]\n{BINDING}\n{GOOD_ID}\n",
    ),
    Mistake(
        "An environment without the list",
        "environment-lacks-binding",
        f'{HEAD}{KV}\n[env.prod]\nname = "shop-prod"\n',
    ),
    Mistake(
        "An environment whose list lacks a binding",
        "environment-lacks-binding",
        f'{HEAD}{KV}\n[[env.prod.kv_namespaces]]\nbinding = "PRICES"\n',
    ),
    Mistake(
        "A mistake in the list of an environment",
        "id-not-string",
        f"{HEAD}\n[[env.prod.kv_namespaces]]\n{BINDING}\nid = 42\n",
    ),
    Mistake(
        "A namespace among the unsafe bindings",
        "unsafe-kv",
        f'{HEAD}\n[[unsafe.bindings]]\nname = "CARTS"\ntype = "kv_namespace"\n'
        f'namespace_id = "{ID}"\n',
    ),
    Mistake("A config that another one shadows", "config-shadowed", f"{HEAD}{KV}", beside=JSON),
)

READER = """
const { unstable_readConfig } = require("wrangler");
let warned = "";
for (const name of ["warn", "error", "log", "info"]) console[name] = (...words) => {
  if (name === "warn") warned += words.join(" ");
};
process.stdout.write(JSON.stringify(JSON.parse(process.argv[1]).map(([folder, env]) => {
  warned = "";
  process.chdir(folder);
  try {
    unstable_readConfig({ env: env ?? undefined });
    return ["warning", warned];
  } catch (error) { return ["error", error.message]; }
})));
"""


def ask(mistakes: Sequence[Mistake]) -> list[Answers]:
    """Check each config with every tool."""
    with tempfile.TemporaryDirectory(prefix="kvlens-compare-") as name:
        folders = [_write(Path(name).resolve() / str(at), one) for at, one in enumerate(mistakes)]
        theirs = _wrangler(mistakes, folders)
        taplo = _taplo(mistakes, Path(name).resolve() / "taplo")
        return [
            Answers(_ours(one, folder), theirs[at], _tombi(one, folder), taplo[at])
            for at, (one, folder) in enumerate(zip(mistakes, folders, strict=True))
        ]


def ours(mistake: Mistake) -> str:
    """Return the result of KV Lens for one mistake, from the expected rule."""
    with tempfile.TemporaryDirectory(prefix="kvlens-compare-") as name:
        return _ours(mistake, _write(Path(name).resolve() / "config", mistake))


def _write(folder: Path, mistake: Mistake) -> Path:
    folder.mkdir()
    (folder / mistake.name).write_text(mistake.text, encoding="utf-8", newline="\n")
    if mistake.beside:
        (folder / mistake.beside).write_text('{ "name": "shop" }\n', encoding="utf-8")
    (folder / "tombi.toml").write_text(
        f'[schema]\nenabled = true\n\n[[schemas]]\npath = "{SCHEMA.as_posix()}"\n'
        'include = ["wrangler.toml"]\n',
        encoding="utf-8",
    )
    return folder


def _ours(mistake: Mistake, folder: Path) -> str:
    path = folder / mistake.name
    found = check(load_text(mistake.text, str(path)), read_context(path))
    words = {"information": "hint"}
    said = [words.get(p.severity, p.severity) for p in found if p.code == mistake.code]
    off = ", off by default" if is_off_by_default(mistake.code) else ""
    return f"{said[0]}{off}" if said else NOTHING


def wrangler(mistakes: Sequence[Mistake]) -> list[str]:
    """Return the results of the real wrangler."""
    with tempfile.TemporaryDirectory(prefix="kvlens-compare-") as name:
        folders = [_write(Path(name).resolve() / str(at), one) for at, one in enumerate(mistakes)]
        return _wrangler(mistakes, folders)


def _wrangler(mistakes: Sequence[Mistake], folders: Sequence[Path]) -> list[str]:
    asked: list[tuple[int, str | None]] = []
    for at, mistake in enumerate(mistakes):
        config = load_text(mistake.text, mistake.name)
        asked += [(at, environment.name) for environment in config.environments]
    done = subprocess.run(
        [node(), "-e", READER, json.dumps([(str(folders[at]), env) for at, env in asked])],
        cwd=INTEROP_TREE,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    answers = [NOTHING] * len(mistakes)
    for (at, environment), (said, text) in zip(asked, json.loads(done.stdout), strict=True):
        if text and mistakes[at].words in text and not answers[at]:
            answers[at] = f"{said} with `--env {environment}`" if environment else said
    return answers


def _tombi(mistake: Mistake, folder: Path) -> str:
    if mistake.name != TOML:
        return "no TOML"
    program = servers.tombi().command[0]
    done = subprocess.run(
        [program, "lint", "--offline", mistake.name],
        cwd=folder,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**servers.tombi().environment(), "NO_COLOR": "1"},
    )
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    for word in ("Error", "Warning") if mistake.words in said else ():
        if re.search(rf"^\s*{word}:", said, re.MULTILINE):
            return word.lower()
    return NOTHING


def _taplo(mistakes: Sequence[Mistake], folder: Path) -> list[str]:
    """Run taplo's language server, as Even Better TOML does."""
    folder.mkdir()
    settings = {
        "schema": {
            "enabled": True,
            "catalogs": [],
            "associations": {r".*/wrangler\.toml": SCHEMA.as_uri()},
        }
    }
    server = servers.taplo()
    server = servers.Server(
        server.name, server.command, settings, server.options, has_versions=False
    )
    answers: list[str] = []
    with Client(server, folder) as client:
        client.initialize()
        for at, mistake in enumerate(mistakes):
            if mistake.name != TOML:
                answers.append("no TOML")
                continue
            uri = (folder / str(at) / TOML).as_uri()
            document = {"uri": uri, "languageId": "toml", "version": 1, "text": mistake.text}
            client.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
            answers.append(_published(client, uri, mistake.words))
    return answers


def _published(client: Client, uri: str, words: str) -> str:
    def ours_to_read(message: dict[str, Any]) -> bool:
        named = message.get("params", {}).get("uri") == uri
        return message.get("method") == "textDocument/publishDiagnostics" and named

    found = client.wait_for(ours_to_read)[1]["params"]["diagnostics"]
    with contextlib.suppress(queue.Empty):  # problems from the schema arrive separately, and later
        while True:
            message = client.arrived.get(timeout=PATIENCE)[1]
            if message and ours_to_read(message):
                found = message["params"]["diagnostics"]
    if not any(words in one["message"] for one in found):
        return NOTHING
    return "error" if min(one.get("severity", 1) for one in found) == 1 else "warning"


def page(answers: Sequence[Answers]) -> str:
    """Return the document."""
    wrangler = json.loads((SCHEMA.parent / "package.json").read_text("utf-8"))["version"]
    tree = BENCH_TREE / "node_modules" / "@taplo" / "lsp" / "package.json"
    taplo = json.loads(tree.read_text("utf-8"))["version"]
    lines = [
        "# Forty mistakes, four tools",
        "",
        "What KV Lens, wrangler, tombi and taplo (Even Better TOML) report for the same",
        "configs, each with one mistake. wrangler reports mistakes in the selected environment,",
        "on deploy and in `wrangler dev`; the other tools report them in the editor while you",
        "type. tombi and taplo use the JSON schema that comes with wrangler. `python -m",
        "scripts.compare` runs the real tools and writes this page;",
        "`tests/interop/test_mistakes.py` checks it.",
        "",
        f"| mistake | KV Lens | wrangler {wrangler} | tombi {version('tombi')} | taplo {taplo} |",
        "|---|---|---|---|---|",
    ]
    for mistake, said in zip(MISTAKES, answers, strict=True):
        rule = f"{said.ours or SILENT}: [{mistake.code}](rules/{mistake.code}.md)"
        cells = [mistake.what, rule, *(cell or SILENT for cell in said[1:])]
        lines.append(f"| {' | '.join(cells)} |")
    counts = [
        sum(bool(cell) and cell != "no TOML" for cell in column)
        for column in zip(*answers, strict=True)
    ]
    lines.append(
        f"| **found** | {' | '.join(f'**{count} of {len(MISTAKES)}**' for count in counts)} |"
    )
    lines += [
        "",
        "*silent*: the tool doesn't report the mistake. wrangler reports only the first syntax",
        "error, and no position for what it finds after that. tombi and taplo don't read JSON;",
        "in VS Code the built-in JSON support checks `wrangler.jsonc` against the same schema.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Run all tools and write the page; return 1 if a tool reports a config without a mistake."""
    *answers, right = ask([*MISTAKES, Mistake("None", "", RIGHT)])
    if any(right):
        print(f"compare: the config without a mistake gets {right}", file=sys.stderr)
        return 1
    PAGE.write_text(page(answers), encoding="utf-8", newline="\n")
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

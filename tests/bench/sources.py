"""The time from a keystroke in a Worker of 3,000 lines to the diagnostics of the new text.

One of four functions has three calls of KV, about 180 in total. A call that would throw is typed
letter by letter into functions all over the file, so most of the texts are half-typed. In JavaScript,
the same code has no types, and what a parameter is follows from the callers. No other server checks
KV in sources: limits and no peer.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.toolchain import ToolError
from tests.bench.client import Client
from tests.bench.monorepo import make_monorepo
from tests.bench.report import NO_PEER, Row, percentile
from tests.bench.servers import ours

TITLE = "Typing in a Worker of 3,000 lines: one key -> its diagnostics"
LINES = 3000
TYPED = '  await env.CACHE.put("a", "b", { expirationTtl: 5 });\n'
PLACES = 5  # functions to type into
WARM = 10  # keystrokes not counted
SILENCE = 0.02  # seconds; also the interval of typing
SETTLE = 1.5  # seconds until the server's work after opening is done
LIMITS = {"TypeScript": 25.0, "JavaScript": 25.0}  # ms, p95

HEAD = 'import type { Env } from "./env";\n\n'
FUNCTION = """\
export async function step{n}(env: Env, name: string, weights: number[]): Promise<string> {{
  const key = `step:{n}:${{name}}`;
  const found = await env.CACHE.get(key, {{ cacheTtl: 120 }});
  if (found !== null) {{
    return found;
  }}
  const total = weights.reduce((sum, weight) => sum + weight, {n});
  const {{ keys }} = await env.SESSIONS.list({{ prefix: key, limit: 10 }});
  const text = JSON.stringify({{ total, names: keys.map((one) => one.name) }});
  await env.CACHE.put(key, text, {{ expirationTtl: 600, metadata: {{ total }} }});
  return text;
}}

"""


PLAIN = """\
export function weigh{n}(items: Map<string, number>, names: string[]): number {{
  let total = 0;
  for (const name of names) {{
    const weight = items.get(name) ?? {n};
    if (weight < 0) {{
      items.delete(name);
      continue;
    }}
    total += Math.round(weight * 100) / 100;
  }}
  return total;
}}

"""
_TYPES = re.compile(r"import type .*\n|: (?:Env|string|number|Map<[^>]*>|Promise<\w+>)(?:\[\])?")
PLAIN_EACH = 3  # functions without KV after each with three calls


def make_source(lines: int, *, has_types: bool = True) -> tuple[str, list[int]]:
    """Return a Worker's source of about this many lines, and the offsets to type at."""
    head, function, plain = (
        text if has_types else _TYPES.sub("", text) for text in (HEAD, FUNCTION, PLAIN)
    )
    parts = [head]
    places: list[int] = []
    at, left = len(head), lines - head.count("\n")
    for number in itertools.count():
        is_plain = number % (1 + PLAIN_EACH)
        part = (plain if is_plain else function).format(n=number)
        left -= part.count("\n")
        if left < 0:
            break
        if not is_plain:
            places.append(at + part.index("\n") + 1)
        parts.append(part)
        at += len(part)
    return "".join(parts), places[:: max(1, len(places) // PLACES)][:PLACES]


def run() -> list[Row]:
    """Type into the server."""
    rows: list[Row] = []
    for language, limit in LIMITS.items():
        times = list(_typed(language))[WARM:]
        rows += (
            Row(
                f"{language}, p{share * 100:.0f}",
                "ms",
                percentile(times, share) * 1000,
                NO_PEER,
                None,
                len(times),
                limit=limit if share == 0.95 else None,
            )
            for share in (0.5, 0.95)
        )
    return rows


def _typed(language: str) -> Iterator[float]:
    """Yield the seconds from each keystroke to the diagnostics of the new text."""
    has_types = language == "TypeScript"
    text, places = make_source(LINES, has_types=has_types)
    server = ours()
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        root = Path(name).resolve()
        make_monorepo(root, 1)
        file = "steps.ts" if has_types else "steps.js"
        path = next(root.glob("*/*/src/index.ts")).with_name(file)
        path.write_text(text, encoding="utf-8", newline="\n")
        uri = path.as_uri()
        with Client(server, root) as client:
            client.initialize()
            document = {"uri": uri, "languageId": language.lower(), "version": 1, "text": text}
            client.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
            client.quiet(SETTLE)
            version = 1
            for number, place in enumerate(reversed(places)):  # keeps the offsets of the others
                line = text.count("\n", 0, place)
                for column, letter in enumerate(TYPED):
                    version += 1
                    took, shown = _key(client, uri, version, line, column, letter)
                    yield took
                    client.quiet(SILENCE)
                if len(shown) != number + 1:
                    raise ToolError(f"{number + 1} calls will throw, and {shown} was said")


def _key(
    client: Client, uri: str, version: int, line: int, column: int, letter: str
) -> tuple[float, list[Any]]:
    """Type one letter; return the seconds to the diagnostics of its version, and these."""
    place = {"line": line, "character": column}
    began = client.send(
        {
            "method": "textDocument/didChange",
            "params": {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"range": {"start": place, "end": place}, "text": letter}],
            },
        }
    )

    def answers(message: dict[str, Any]) -> bool:
        params = message.get("params") or {}
        return (
            message.get("method") == "textDocument/publishDiagnostics"
            and params["uri"] == uri
            and params.get("version") == version
        )

    arrived, message = client.wait_for(answers)
    return arrived - began, message["params"]["diagnostics"]

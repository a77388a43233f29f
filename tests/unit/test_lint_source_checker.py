"""A large source as it is typed: what is checked of it at once is what the whole check finds."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from kvlens.config.reader import load_text
from kvlens.js.reader import read_source
from kvlens.js.source_context import SourceContext
from kvlens.lint.base import Problem
from kvlens.lint.check_source import PART_RULES, check_source
from kvlens.lint.source_checker import LARGE, SourceChecker

NOW = 1_800_000_000.0
CONFIG = """\
name = "shop"
main = "src/index.ts"
kv_namespaces = [{ binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" }]
"""
CONTEXTS = [
    SourceContext([load_text(text, "/shop/wrangler.toml")])
    for text in (CONFIG, CONFIG.replace("CARTS", "ORDERS"))
]

HEAD = """\
import { Hono } from "hono";
import { later } from "./later";

interface Env {
  CARTS: KVNamespace;
  ORDERS?: KVNamespace;
}

const TTL = 30;
const OPTIONS = { expirationTtl: TTL, metadata: { by: "shop" } };
let prefix = "cart:";
"""
PARTS = (
    """\
export async function load(env: Env, id: string) {
  const cart = await env.CARTS.get(`cart:${id}`, "json");
  return cart ?? (await env.ORDERS?.get(id, "jsno"));
}
""",
    """\
async function save(kv: KVNamespace, id: string, cart: object) {
  await kv.put(prefix + id, JSON.stringify(cart), { expirationTtl: TTL });
  kv.put("last", id, OPTIONS);
  return load({ CARTS: kv }, id);
}
""",
    """\
export class Shop {
  constructor(private env: Env) {}
  async clear(ids: string[]) {
    for (const id of ids) {
      const old = await this.env.CARTS.get(id);
      await this.env.CARTS.delete(old ?? "");
      await this.env.CARTS.has(id);
    }
  }
  async count(id) {
    const count = Number(await this.env.CARTS.get(id));
    await this.env.CARTS.put(id, String(count + 1), { expirationTtl: 5 });
  }
}
""",
    """\
const app = new Hono<{ Bindings: Env }>();
app.get("/cart/:id", async (c) => {
  const { keys } = await c.env.CARTS.list({ limit: 5000 });
  const read = c.env.CARTS.get;
  return c.json({ keys, one: await read(c.req.param("id")) });
});
""",
    """\
export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext) {
    const id = new URL(request.url).pathname;
    ctx.waitUntil(save(env.CARTS, id, {}));
    later(env.CARTS);
    await env.CARTS.put(id, "1", { expiration: Date.now() });
    return Response.json(await load(env, id));
  },
};
""",
)
PLAIN = """\
export function weigh{n}(items: Map<string, number>, names: string[]): number {{
  let total = 0;
  for (const name of names) {{
    total += Math.round((items.get(name) ?? {n}) * 100) / 100;
  }}
  return total;
}}
"""
PADDING = "\n".join(PLAIN.format(n=n) for n in range(190))


def large(parts: tuple[str, ...] = PARTS) -> str:
    """Return a source of these parts, which is just large enough."""
    text = "\n".join([HEAD, *parts, PADDING])
    assert LARGE < len(text) < LARGE * 1.2
    return text


def by_part(problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.code in PART_RULES]


LINES = {
    "ttl": ("  const cart = ", '  await env.CARTS.put("a", "b", { expirationTtl: 5 });\n'),
    "key": ("  kv.put(", "  if (id) { await kv.put('', `x:${id}`, { metadata: [1] }); }\n"),
    "method": ("    for (const id", '    await this.env.CARTS.remove("a");\n'),
    "options": (
        "    const count",
        "    const o = { expirationTtl: 1 };\n    await this.env.CARTS.put(id, '', o);\n",
    ),
    "destructured": ("  const { keys }", "  const { CARTS } = c.env; await CARTS.get('');\n"),
    "comment": (
        "    later(",
        "    // kvlens-disable-next-line key-invalid\n    await env.CARTS.get('');\n",
    ),
    "constant": ("const TTL", "const SHORT = 5;\n"),
}


@pytest.mark.parametrize("case", LINES)
def test_each_key_is_answered_like_by_a_whole_check(case: str) -> None:
    before, line = LINES[case]
    text = large()
    at = text.index(before)
    quick, whole = SourceChecker("/shop/src/a.ts"), SourceChecker("/shop/src/a.ts")
    assert quick.check(text, CONTEXTS[0], NOW) == whole.check(text, CONTEXTS[0], NOW) != []
    for end in (*range(1, len(line) + 1), *range(len(line) - 1, -1, -3)):
        typed = text[:at] + line[:end] + text[at:]
        found = quick.check_part(typed, CONTEXTS[0], NOW)
        assert found is not None
        expected = whole.check(typed, CONTEXTS[0], NOW)
        assert by_part(found) == by_part(expected), line[:end]


def edits(text: str, count: int, chance: random.Random) -> Iterator[str]:
    """Yield the versions of a text that is edited as people do: mostly letter by letter."""
    pieces = [PARTS[0], PARTS[1], "const TTL = 30;\n", 'import { later } from "./later";\n']
    for _ in range(count):
        end = len(text) - len(PADDING)
        at = chance.randrange(end)
        kind = chance.randrange(10)
        if kind < 4:
            for letter in chance.choice((" ", "x", "env.CARTS", "await ", "}", '"', "{ a: 1 }, ")):
                text = text[:at] + letter + text[at:]
                at += 1
                yield text
        elif kind < 7:
            for _ in range(chance.randrange(1, 6)):
                text = text[:at] + text[at + 1 :]
                yield text
        elif kind == 7:  # moves a function, or takes one away
            piece = chance.choice(pieces)
            there = text.find(piece)
            text = text.replace(piece, "", 1)
            if chance.random() < 0.7 and there >= 0:
                text = HEAD.join(text.split(HEAD, 1)) if chance.random() < 0.5 else text + piece
            yield text
        elif kind == 8:
            text = text.replace("TTL = 30", "TTL = 300", 1) if "= 30;" in text else large()
            yield text
        else:
            text = text.replace('"./later"', '"./other"', 1) if "./later" in text else large()
            yield text


@pytest.mark.parametrize("seed", range(6))
def test_after_any_edits_the_whole_check_finds_what_it_does_without_them(seed: int) -> None:
    chance = random.Random(seed)
    quick, slow = SourceChecker("/shop/src/a.ts"), SourceChecker("/shop/src/a.ts")
    context, parts = CONTEXTS[0], 0
    assert quick.check(large(), context, NOW) == slow.check(large(), context, NOW) != []
    for text in edits(large(), 30, chance):
        found = quick.check_part(text, context, NOW)
        expected = slow.check(text, context, NOW)
        parts += found is not None
        assert all(0 <= p.span.start <= p.span.end <= len(text) for p in found or ())
        if found is None or chance.random() < 0.2:  # a pause
            assert quick.check(text, context, NOW) == expected
            context = chance.choice(CONTEXTS)
    assert parts > 20
    last = large(tuple(chance.sample(PARTS, len(PARTS))))
    quick.check_part(last, context, NOW)
    fresh = check_source(read_source(last, "/shop/src/a.ts"), context, NOW)
    assert quick.check(last, context, NOW) == fresh != []


def test_what_waits_for_a_pause_is_kept_at_its_place() -> None:
    checker, text = SourceChecker("/shop/src/a.ts"), large()
    kept = checker.check(text, CONTEXTS[0], NOW)
    at = text.index("  const cart = ")
    line = "  await env.CARTZ.get(id);\n"
    typed = text[:at] + line + text[at:]
    found = checker.check_part(typed, CONTEXTS[0], NOW)
    assert found == [p.moved(len(line)) if p.span.start >= at else p for p in kept]
    codes = {problem.code for problem in checker.check(typed, CONTEXTS[0], NOW)}
    assert "binding-undeclared" in codes


SAVE = """\
async function last(kv: KVNamespace, id: string) {
  kv.put("last", id);
  await kv.list();
}
"""
IN_ITS_LINE = {
    # where it is typed, and what
    "before": ('kv.put("last"', "await "),
    "inside": ('"last"', '"the " + '),
    "after": ("\n  await kv.list();", " // for the next visit"),
}


@pytest.mark.parametrize("case", [*IN_ITS_LINE])
def test_a_problem_stays_while_its_line_is_typed(case: str) -> None:
    place, words = IN_ITS_LINE[case]
    text = large((SAVE, *PARTS))
    checker = SourceChecker("/shop/src/a.ts")
    before = [problem.code for problem in checker.check(text, CONTEXTS[0], NOW)]
    at = text.index(place)
    for end in range(1, len(words) + 1):
        found = checker.check_part(text[:at] + words[:end] + text[at:], CONTEXTS[0], NOW)
        assert [problem.code for problem in found or ()] == before, words[:end]


@pytest.mark.parametrize(
    ("before", "after", "context"),
    [
        pytest.param(
            large(), large().replace("let total", "var total"), CONTEXTS[0], id="large-edit"
        ),
        pytest.param(large(), large() + " ", CONTEXTS[1], id="other-config"),
        pytest.param(HEAD, HEAD + " ", CONTEXTS[0], id="small-source"),
        pytest.param("", large(), CONTEXTS[0], id="not-checked-before"),
    ],
)
def test_only_typing_is_checked_in_part(before: str, after: str, context: SourceContext) -> None:
    checker = SourceChecker("/shop/src/a.ts")
    checker.check(before, CONTEXTS[0], NOW)
    assert checker.check_part(after, context, NOW) is None

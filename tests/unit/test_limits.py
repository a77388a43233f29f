"""Deep, long or many texts: reported as a problem, in time proportional to the text."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import pytest
from kvlens.config.complete import complete
from kvlens.config.edit import add_namespace
from kvlens.config.find import ConfigError
from kvlens.config.highlight import tokens
from kvlens.config.limits import DEEPEST, LARGEST, MOST
from kvlens.config.project_context import ProjectContext
from kvlens.config.query import at
from kvlens.config.reader import ConfigReader, load_text
from kvlens.config.syntax_check import check_syntax
from kvlens.js.reader import read_source
from kvlens.js.source_context import SourceContext
from kvlens.lint import check_config
from kvlens.lint.base import ConfigRule, EntryRule, Finding
from kvlens.lint.check_config import check, check_structure
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.fixable_source import FixableSource
from kvlens.lint.fixes import fix_all, fixes_for, suppress
from kvlens.lint.problems import MOST as LISTED
from kvlens.lint.rewrites import rewrites
from kvlens.text import LineIndex, Span

CONTEXT = ProjectContext("../wrangler.json", (3, 0, 0), True)

DEEP = "nested more than 100 levels deep"
MANY = "more than 250,000 values"

REFUSED: dict[str, tuple[str, str, str]] = {
    "header of 1,200 parts": ("toml", f"[{'.'.join(['a'] * 1200)}]\n", DEEP),
    "header of 2 KB": ("toml", f"[[{'.'.join(['a'] * 1000)}]]\n", DEEP),
    "key of 40,000 parts": ("toml", f"{'.'.join(['a'] * 40_000)} = 1\n", DEEP),
    "field of 40,000 parts": (
        "toml", f"[[kv_namespaces]]\n{'.'.join(['a'] * 40_000)} = 1\n", DEEP),
    "array in an array": ("toml", "a = " + "[" * 50_000, DEEP),
    "array closed again": ("toml", f"a = {'[' * 50_000}{']' * 50_000}\n", DEEP),
    "table in a table": ("toml", "a = " + "{a=" * 50_000, DEEP),
    "arrays in JSON": ("jsonc", '{"a":' + "[" * 50_000, DEEP),
    "objects in JSON": ("jsonc", '{"a":' * 50_000, DEEP),
    "a MiB": ("toml", "#" * (LARGEST + 1), "is 1,048,577 characters, over the limit"),
    "a MiB of JSON": ("jsonc", " " * (LARGEST + 1), "is 1,048,577 characters, over the limit"),
    "empty arrays": ("jsonc", '{"kv_namespaces":[' + "[]," * 340_000 + "]}", MANY),
    "numbers": ("toml", "kv_namespaces = [" + "5," * 500_000 + "]", MANY),
    "headers": ("toml", "".join(f"[a{n}.b]\n" for n in range(80_000)), MANY),
    "five MB unclosed": ("jsonc", '{"a":[' + "[1,2]," * 800_000, "over the limit"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_too_much_is_one_problem(kind: str, text: str, reason: str) -> None:
    config = load_text(text, f"wrangler.{kind}")
    (problem,) = check(config)
    assert problem.code == "unreadable-file"
    assert reason in problem.message
    assert 0 <= problem.span.start <= problem.span.end <= len(text)
    assert config.namespaces() == []
    fault = check_syntax(text, config.path)
    assert fault and reason in fault.message
    for place in (0, len(text) // 2, len(text)):
        at(config, place)
        complete(config, place)
    with pytest.raises(ConfigError, match="is not valid"):
        add_namespace(config, "KV")


def test_what_is_within_the_limits_is_read() -> None:
    parts = ".".join(["a"] * DEEPEST)
    assert load_text(f"{parts} = 1\n", "wrangler.toml").refused is None
    assert load_text(f"[{parts}]\nb = 1\n", "wrangler.toml").refused is None
    deep = f"{'[' * DEEPEST}{']' * DEEPEST}"
    assert load_text(f"a = {deep}", "wrangler.toml").refused is None
    assert load_text("a = [" + "5," * (MOST - 10) + "]", "wrangler.toml").refused is None


def test_a_refused_text_is_read_again_when_it_is_mended() -> None:
    reader = ConfigReader("wrangler.toml")
    text = '[[kv_namespaces]]\nbinding = "A"\n'
    assert reader.read(text + "a = " + "[" * 200).refused
    assert [known.binding for known in reader.read(text).namespaces()] == ["A"]


def _headers(n: int) -> str:
    return "".join(f"[[kv_namespaces]]\nbinding = 'A{i}'\nid = 'x'\n" for i in range(n))


def _inline(n: int) -> str:
    return "kv_namespaces = [\n" + "{ binding = 'A', idd = 5 },\n" * n + "]\n"


def _environments(n: int) -> str:
    return "kv_namespaces = [{ binding = 'A' }]\n" + "".join(
        f"[env.e{i}]\nkv_namespaces = [{{ binding = 'B' }}]\n" for i in range(n)
    )


def _many_by_many(n: int) -> str:
    top = "".join(f"[[kv_namespaces]]\nbinding = 'A{i}'\n" for i in range(n))
    return top + "".join(f"[env.e{i}]\nname = 'x'\n" for i in range(n))


LINEAR: dict[str, tuple[str, Callable[[int], str]]] = {
    "bindings": ("toml", _headers),
    "bindings inline": ("toml", _inline),
    "environments": ("toml", _environments),
    "environments by bindings": ("toml", lambda n: _many_by_many(n // 2)),
    "environments with arrays": (
        "toml", lambda n: "".join(f"[[env.e{i}.kv_namespaces]]\nbinding='A'\n" for i in range(n))),
    "array headers": ("toml", lambda n: "".join(f"[[a{i}]]\nb = 1\n" for i in range(n))),
    "the same array": ("toml", lambda n: "[[a]]\n[a.b]\nc = 1\n" * n),
    "previews": ("toml", lambda n: "[previews]\nkv_namespaces = [{binding='A'}]\n" * n),
    "shared ids": ("toml", lambda n: "".join(
        f"[[env.e{i}.kv_namespaces]]\nid = '0f2ac74b498b48028cb68387c421e279'\n"
        for i in range(n))),
    "multi-line strings": ("toml", lambda n: 'a = """\n[x]\n"""\n' * n),
    "open inline tables": ("toml", lambda n: "a = {\n" * min(n, 90) + "b = 1,\n" * n),
    "open braces in an array": ("toml", lambda n: "kv_namespaces = [" + "{" * n),
    "lines in an open array": ("toml", lambda n: "a = [\n" + "[1],\n" * n),
    "escaped quotes": ("toml", lambda n: 'a = "' + '\\"=' * 10 * n),
    "escaped quotes in a table": ("toml", lambda n: "a = {" + '\\"=' * 5 * n),
    "commas below brackets": ("toml", lambda n: "a = " + "[" * 90 + "," * 10 * n),
    "junk below brackets": ("jsonc", lambda n: '{"a":' + "[" * 90 + ":" * 5 * n),
    "one line, not closed": ("jsonc", lambda n: '{"a":[' + "[1,2]," * n),
    "lines, not closed": ("jsonc", lambda n: '{"a":[\n' + "  [1,2],\n" * n),
    "bindings, not closed": ("jsonc", lambda n: '{"kv_namespaces":[' + '{"binding":"A"},' * n),
    "members": ("jsonc", lambda n: "{" + ",".join(f'"k{i}":1' for i in range(n)) + "}"),
    "the same member": ("jsonc", lambda n: "{" + '"k":1,' * n + "}"),
    "names alone": ("jsonc", lambda n: "{" + '"k" ' * n),
    "backslashes": ("jsonc", lambda n: '{"a":"' + '\\"' * 10 * n),
    "quotes that are escaped": ("jsonc", lambda n: "{" + '"\\' * 5 * n),
    "behind blanks": ("jsonc", lambda n: '{"a":[\n' + " " * 10 * n + "[1]," * n),
    "silencing comments": ("toml", lambda n: "# kvlens-disable-line x\n" * n),
}  # fmt: skip
SIZE = 400
MENDED_SIZE = 60


def work(run: Callable[[], object]) -> int:
    """Return how many lines of Python a run executes, which is the same on every machine."""
    count = 0

    def trace(frame: object, event: str, arg: object) -> object:
        nonlocal count
        count += 1
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        run()
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize(("kind", "made"), LINEAR.values(), ids=LINEAR)
def test_work_grows_with_the_text(kind: str, made: Callable[[int], str]) -> None:
    def read(size: int) -> int:
        text = made(size)

        def show() -> None:
            config = load_text(text, f"wrangler.{kind}")
            check_structure(config)
            list(tokens(config))

        return work(show)

    read(10)  # lazy imports
    small, large = read(SIZE), read(4 * SIZE)
    assert large < 6 * small + 20_000


def _ids(n: int) -> str:
    return "".join(f"[[kv_namespaces]]\nbinding = 'A{i}'\nid = ''\n" for i in range(n))


MENDED: dict[str, tuple[str, Callable[[int], str]]] = {
    **LINEAR,
    "environments by bindings": (  # what is added to many is bindings times environments
        "toml", lambda n: _many_by_many(8) + "# a line\n" * n),
    "empty ids": ("toml", _ids),
    "the same binding": ("toml", lambda n: "[[kv_namespaces]]\nbinding = 'A'\n" * n),
    "the same binding inline": ("toml", lambda n: f"kv_namespaces = [{'{binding=`A`},' * n}]".replace("`", "'")),
    "comments above": ("toml", lambda n: "# a\n# b\n[[kv_namespaces]]\nbinding = 'A'\n" * n),
    "captured": ("toml", lambda n: "[vars]\n" + "[[vars.kv_namespaces]]\nbinding = 'A'\n" * n),
    "captured by many": ("toml", lambda n: "".join(
        f"[a{i}]\nkv_namespaces = [{{ binding = 'A' }}]\n" for i in range(n))),
    "misnamed": ("toml", lambda n: "".join(
        f"[[env.e{i}.kv_namespace]]\nbinding = 'A'\n" for i in range(n))),
    "not arrays": ("toml", lambda n: "".join(
        f"[env.e{i}.kv_namespaces]\nbinding = 'A'\n" for i in range(n))),
    "unsafe": ("toml", lambda n: "".join(
        f"[[unsafe.bindings]]\nname = 'A{i}'\ntype = 'kv_namespace'\n" for i in range(n))),
    "unsafe in JSON": ("jsonc", lambda n: '{"unsafe":{"bindings":[' + ",".join(
        f'{{"name":"A{i}","type":"kv_namespace"}}' for i in range(n)) + "]}}"),
    "no bindings": ("toml", lambda n: "[[kv_namespaces]]\nid = 'x'\n" * n),
    "strings": ("toml", lambda n: f"kv_namespaces = [{'`A`, ' * n}]".replace("`", "'")),
    "no identifiers": ("toml", lambda n: "".join(
        f"[[kv_namespaces]]\nbinding = 'a-{i}'\n" for i in range(n))),
    "names of two things": ("toml", lambda n: "[vars]\n" + "".join(
        f"A{i} = 1\n" for i in range(n)) + "".join(
        f"[[kv_namespaces]]\nbinding = 'A{i}'\n" for i in range(n))),
    "fields of one": ("toml", lambda n: "[[kv_namespaces]]\nbinding = 'A'\n" + "".join(
        f"f{i} = 1\n" for i in range(n))),
    "fields of the top": ("toml", lambda n: "[[kv_namespaces]]\nbinding = 'A'\nmain = 'x'\n" * n),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "made"), MENDED.values(), ids=MENDED)
def test_the_work_of_mending_grows_with_the_text(kind: str, made: Callable[[int], str]) -> None:
    """Fixes, fix-all and rewrites: each is tried out with the whole text, a few times at most."""

    def mend(size: int) -> int:
        config = load_text(made(size), f"wrangler.{kind}")
        problems = check_structure(config)
        fixable = FixableConfig(config)

        def offer() -> None:
            for first in {problem.code: problem for problem in reversed(problems)}.values():
                fixes_for(fixable, first)
                suppress(fixable, first)
                fix_all(fixable, [one for one in problems if one.code == first.code])
            fix_all(fixable, problems, only_safe=True)
            rewrites(config, Span(0, len(config.text)))

        return work(offer)

    mend(10)  # what is loaded late
    small, large = mend(MENDED_SIZE), mend(4 * MENDED_SIZE)
    assert large < 6 * small + 20_000


SOURCES: dict[str, str] = {
    "not awaited": "env.KV.put('k', 'v');",
    "a TTL too low": "await env.KV.put('k', 'v', { expirationTtl: 5 });",
    "an array deleted": "await env.KV.delete(['a', 'b']);",
    "undeclared": "await env.NO%d.getWithMetadata('k');",
    "one call in another": "await env.KV.put('k', await env.KV.get('a'), { expirationTtl: 5 });",
}


@pytest.mark.parametrize("line", SOURCES.values(), ids=SOURCES)
def test_the_work_of_mending_a_source_grows_with_it(line: str) -> None:
    config = load_text("[[kv_namespaces]]\nbinding = 'KV'\n", "/w/wrangler.toml")
    context = SourceContext([config])

    def mend(size: int) -> int:
        lines = "".join(f"{line.replace('%d', str(number))}\n" for number in range(size))
        text = f"export default {{ async fetch(r, env) {{\n{lines}}} }}\n"
        fixable = FixableSource(read_source(text, "/w/index.js"), context, 0.0)
        assert len(fixable.problems) >= size

        def offer() -> None:
            first = fixable.problems[0]
            fixes_for(fixable, first)
            suppress(fixable, first)
            fix_all(fixable, [one for one in fixable.problems if one.code == first.code])

        return work(offer)

    mend(10)  # what is loaded late
    small, large = mend(MENDED_SIZE), mend(4 * MENDED_SIZE)
    assert large < 6 * small + 20_000


HANG = 60  # seconds: thirty times what it takes


@pytest.mark.parametrize(("kind", "made"), LINEAR.values(), ids=LINEAR)
def test_a_large_text_is_checked_and_mended_in_time(kind: str, made: Callable[[int], str]) -> None:
    """Tracing doesn't count work in C: this would reveal a backtracking regular expression."""
    text = made(8_000)[:LARGEST]
    began = time.monotonic()
    config = load_text(text, f"wrangler.{kind}")
    problems = check(config, CONTEXT)
    by_code = {problem.code: problem for problem in problems}
    for problem in by_code.values():
        fixes_for(FixableConfig(config, CONTEXT), problem)
    for place in (0, len(text) // 2, len(text)):
        at(config, place)
        complete(config, place)
    assert time.monotonic() - began < HANG


def test_the_problems_of_a_rule_have_an_end_and_the_rest_is_counted() -> None:
    config = load_text(_inline(2_500), "wrangler.toml")
    problems = check(config)
    unknown = [problem for problem in problems if problem.code == "unknown-field"]
    assert len(unknown) == LISTED + 1
    assert (
        unknown[-1].message == "1,500 more problems of unknown-field in this file are not listed."
    )
    first, later = unknown[0].span, unknown[-1].span
    assert config.text[slice(*first)] == config.text[slice(*later)] == "idd"
    # a fix of one of many problems is still recognized
    assert fixes_for(FixableConfig(config), unknown[0])[0].title == 'Remove "idd"'


def test_many_problems_are_mended_together() -> None:
    config = load_text(
        "kv_namespaces = [\n"
        + "{ binding = 'A', Id = '0f2ac74b498b48028cb68387c421e279' },\n" * 500
        + "]\n",
        "w.toml",
    )
    unknown = [problem for problem in check(config) if problem.code == "unknown-field"]
    fix = fix_all(FixableConfig(config), unknown, only_safe=True)
    assert fix and len(fix.edits) == 500


NUMBERS: dict[str, tuple[str, str, str]] = {
    "integer of 5,000 digits": ("jsonc", '{{"kv_namespaces":[{{"binding":{}}}]}}', "9" * 5000),
    "integer of a million digits": ("jsonc", '{{"kv_namespaces":[{{"binding":{}}}]}}', "9" * 10**6),
    "1e400": ("jsonc", '{{"kv_namespaces":[{{"binding":{}}}]}}', "1e400"),
    "TOML, 5,000 digits": ("toml", "kv_namespaces = [{{ binding = {} }}]", "9" * 5000),
    "TOML, 1e400": ("toml", "kv_namespaces = [{{ binding = {} }}]", "1e400"),
    "TOML, hexadecimal": ("toml", "kv_namespaces = [{{ binding = {} }}]", "0x" + "f" * 5000),
}


@pytest.mark.parametrize(("kind", "form", "number"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_without_measure_is_a_problem(kind: str, form: str, number: str) -> None:
    text = form.format(number)
    problems = check(load_text(text, f"wrangler.{kind}"))
    (problem,) = [found for found in problems if found.code == "binding-not-string"]
    assert text[slice(*problem.span)] == number
    assert len(problem.message) < 300


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_a_syntax_error(word: str) -> None:
    text = f'{{ "name": "NaN", /* NaN */ "vars": {{ "A": {word} }} }}'
    (problem,) = check(load_text(text, "wrangler.jsonc"))
    assert problem.code == "syntax-error"
    assert f"{word} isn't a JSON number" in problem.message
    assert text[slice(*problem.span)] == word


LARGE_FAULTS = {
    "at the end": ("a{} = 1\n", "x = = 1\n", "this isn't a value"),
    "twice": ("a{} = 1\n", "a7 = 2\n", "this name is declared twice"),
    "an open string": ("a{} = 1\n", 'x = "y\n', "close the quote"),
    "a table twice": ("[t{}]\na = 1\n", "[t7]\n", "Cannot declare ('t7',) twice"),
    "TOML 1.1": ("a{} = 1\n", "x = {\n b = 1,\n}\n", None),
}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python's own parser came with 3.11")
@pytest.mark.parametrize(("line", "end", "said"), LARGE_FAULTS.values(), ids=LARGE_FAULTS)
def test_a_large_text_is_judged_too(line: str, end: str, said: str | None) -> None:
    text = "".join(line.format(n) for n in range(15_000)) + end
    found = [one for one in check(load_text(text, "wrangler.toml")) if one.code == "syntax-error"]
    if said is None:
        assert not found
        return
    (problem,) = found
    assert said in problem.message
    assert problem.span.start >= len(text) - len(end)


# a rule that fails ------------------------------------------------------------------------------


def _broken(*given: object) -> Iterator[Finding]:
    yield Finding(Span(0, 1), "found before it fails")
    raise KeyError("x\x1b[2J\n")


@pytest.mark.parametrize("kind", [ConfigRule, EntryRule])
def test_a_rule_that_fails_is_told_once_and_the_others_go_on(
    kind: type[ConfigRule | EntryRule], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = kind("id-empty", "error", "broken", _broken)
    name = "_CONFIG_RULES" if kind is ConfigRule else "_ENTRY_RULES"
    monkeypatch.setattr(check_config, name, [broken, *getattr(check_config, name)])
    text = "kv_namespaces = [{ binding = 'A', id = '' }, { binding = 'A', idd = 'x' }]\n"
    problems = check(load_text(text, "wrangler.toml"))
    (told,) = [problem for problem in problems if problem.code == "internal-error"]
    assert told.severity == "warning"
    assert told.message.startswith("internal error in the rule id-empty: KeyError: ")
    assert "Please report this; KVLENS_DEBUG=1 shows where" in told.message
    assert {"binding-duplicate", "unknown-field", "id-empty"} <= {one.code for one in problems}


# places in long lines ---------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_places_in_a_long_line_are_right_and_found_without_reading_it_all(encoding: str) -> None:
    line = "aé😀\ud800b" * 400
    index = LineIndex(f"x\n{line}\ny")
    unit = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding]
    for offset in (0, 1, 510, 511, 512, 513, 1023, 1024, 1999, 2000):
        units = len(line[:offset].encode(unit[0], "surrogatepass")) // unit[1]
        assert index.position(2 + offset, encoding) == (1, units)
        assert index.offset(1, units, encoding) == 2 + offset
    assert index.offset(1, 10**6, encoding) == 2 + len(line)

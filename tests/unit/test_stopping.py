"""Work whose result nobody waits for any longer ends at its next step."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from kvlens.config.reader import load_text
from kvlens.js.reader import read_source
from kvlens.lint.check_config import check
from kvlens.lint.check_source import check_source
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.fixes import fix_all, fixes_for
from kvlens.lint.rewrites import rewrites
from kvlens.stopping import in_thread
from kvlens.text import Span

CONFIG = load_text("[[kv_namespaces]]\nbinding = 'A'\nidd = ''\n", "wrangler.toml")
SOURCE = read_source("export default { fetch(r, env) { env.KV.getWithMetadata() } }", "w.js")
FIXABLE, PROBLEMS = FixableConfig(CONFIG), check(CONFIG)

WORKS: dict[str, Callable[[], object]] = {
    "check of a config": lambda: check(load_text(CONFIG.text, CONFIG.path)),
    "check of a source": lambda: check_source(SOURCE),
    "fixes": lambda: fixes_for(FIXABLE, PROBLEMS[0]),
    "fix all": lambda: fix_all(FIXABLE, PROBLEMS),
    "rewrites": lambda: rewrites(CONFIG, Span(0, 0)),
}


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
@pytest.mark.parametrize("cancelled", [True, False])
def test_a_cancelled_caller_stops_the_work(work: Callable[[], object], *, cancelled: bool) -> None:
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()
    how: list[object] = []

    def run() -> None:
        begun.set()
        go.wait()
        try:
            work()
        except asyncio.CancelledError:
            how.append("stopped")
            raise
        else:
            how.append("finished")
        finally:
            ended.set()

    async def ask() -> None:
        task = asyncio.create_task(in_thread(run))
        await asyncio.to_thread(begun.wait)
        if cancelled:
            task.cancel()
            await asyncio.wait([task])
        go.set()
        await asyncio.to_thread(ended.wait)
        await asyncio.wait([task])
        assert task.cancelled() is cancelled

    asyncio.run(ask())
    assert how == ["stopped" if cancelled else "finished"]

"""The Worker run from the editor, on the real workerd, with the editor's keys."""

from __future__ import annotations

import asyncio
import socket
import urllib.request

import pytest

from tests.lsp.conftest import CONFIG, Editor, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORKER = """\
export default {
  async fetch(request, env) {
    const count = Number(await env.CARTS.get("count")) + 1;
    await env.CARTS.put("count", String(count));
    console.log("counted", count);
    return new Response(`STEP ${count}`);
  },
};
"""


async def test_a_worker_runs_with_the_editors_keys_and_stops(editor: Editor) -> None:
    folder = editor.folder
    (folder / "worker.js").write_text(WORKER.replace("STEP", "one"), encoding="utf-8")
    config = 'main = "worker.js"\ncompatibility_date = "2026-01-01"\n' + CONFIG
    (folder / "wrangler.toml").write_text(config, encoding="utf-8")
    carts = {"binding": "CARTS", "environment": None}
    await run(editor, "kvlens.put", **carts, key="count", text="41")
    url = (await run(editor, "kvlens.run"))["url"]

    async def fetch() -> str:
        answer = await asyncio.to_thread(urllib.request.urlopen, url)
        return str(answer.read().decode())

    assert await fetch() == "one 42"
    assert (await run(editor, "kvlens.get", **carts, key="count"))["text"] == "42"
    await until(lambda: any("counted 42" in p["message"] for p in said_of(editor)))

    (folder / "worker.js").write_text(WORKER.replace("STEP", "two"), encoding="utf-8")
    await until(lambda: any(p["event"] == "restarted" for p in said_of(editor)))
    assert await fetch() == "two 43"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "wrangler.toml").write_text(f"{config}\n[dev]\nport = {port}\n", encoding="utf-8")
    await until(lambda: any(url.endswith(f":{port}") for url in urls_of(editor)))
    url = urls_of(editor)[-1]
    assert await fetch() == "two 44"

    assert await run(editor, "kvlens.stop") == {"stopped": True}
    with pytest.raises(OSError, match="refused"):
        await fetch()
    await run(editor, "kvlens.delete", **carts, key="count")


def urls_of(editor: Editor) -> list[str]:
    """Return the Worker's URLs so far."""
    states = [
        params if isinstance(params, dict) else params._asdict()
        for method, params in editor.notes
        if method == "kvlens/worker"
    ]
    return [state["url"] for state in states if state.get("url")]


def said_of(editor: Editor) -> list[dict[str, str]]:
    """Return the Worker's output so far."""
    return [
        params if isinstance(params, dict) else params._asdict()
        for method, params in editor.notes
        if method == "kvlens/output"
    ]


async def test_output_goes_on_behind_a_line_of_any_length(editor: Editor) -> None:
    script = """export default { fetch() {
      console.log("x".repeat(20 * 1024 * 1024));
      console.log("behind the long line");
      return new Response("ok");
    } };"""
    (editor.folder / "worker.js").write_text(script, encoding="utf-8")
    config = 'main = "worker.js"\ncompatibility_date = "2026-01-01"\n' + CONFIG
    (editor.folder / "wrangler.toml").write_text(config, encoding="utf-8")
    url = (await run(editor, "kvlens.run"))["url"]
    await asyncio.to_thread(urllib.request.urlopen, url)
    await until(lambda: any(p["message"] == "behind the long line" for p in said_of(editor)))
    (long,) = (p["message"] for p in said_of(editor) if p["message"].startswith("xxx"))
    assert "more bytes of this line were left out" in long
    assert await run(editor, "kvlens.stop") == {"stopped": True}

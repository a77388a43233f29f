"""The main workflow: check the config, seed, read and edit keys, continue after a reload."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.editor.conftest import Open
from tests.editor.window import START, Window

MISTAKE = 'binding = "SESSIONS", id = 41'


def squiggle_is_under(window: Window, text: str) -> bool:
    """Return whether the first error's underline begins and ends where the text does."""
    script = """text => {
        const line = [...document.querySelectorAll('.editor-instance .view-line')]
            .find(one => one.textContent.replaceAll('\\u00a0', ' ').includes(text));
        const squiggle = document.querySelector('.editor-instance .squiggly-error');
        if (!line || !squiggle) return false;
        const all = line.textContent.replaceAll('\\u00a0', ' ');
        const place = offset => {
            const walk = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
            for (let node = walk.nextNode(); node; node = walk.nextNode()) {
                if (offset <= node.length) return [node, offset];
                offset -= node.length;
            }
        };
        const range = document.createRange();
        range.setStart(...place(all.indexOf(text)));
        range.setEnd(...place(all.indexOf(text) + text.length));
        const [wanted, seen] = [range.getBoundingClientRect(), squiggle.getBoundingClientRect()];
        return Math.abs(wanted.left - seen.left) < 3 && Math.abs(wanted.right - seen.right) < 3;
    }"""
    return bool(window.page.evaluate(script, text))


def test_first_light(open_window: Open, project: Path) -> None:
    config = project / "wrangler.toml"
    sound = config.read_text(encoding="utf-8")
    broken = re.sub(r'binding = "SESSIONS", id = "\w+"', MISTAKE, sound, count=1)
    assert broken != sound
    config.write_text(broken, encoding="utf-8")
    window = open_window(project)

    # a mistake is underlined at its value and listed
    window.open_file("wrangler.toml")
    expect(window.page.locator(".editor-instance .squiggly-error").first).to_be_visible(
        timeout=START
    )
    assert squiggle_is_under(window, "41")
    window.page.keyboard.press("Control+Shift+M")
    problem = window.page.locator(".markers-panel .monaco-list-row", has_text="kvlens").first
    expect(problem).to_contain_text("id")
    window.shot("squiggle")

    # it goes away as it is corrected, before anything is saved
    window.replace(sound)
    expect(window.page.locator(".editor-instance .squiggly-error")).to_have_count(0)
    window.save()
    window.page.keyboard.press("Control+J")  # closes the panel

    # the view lists the namespaces, by environment
    window.show_view()
    window.running()
    window.see("staging")
    window.see("FEATURE_FLAGS", nth=1)
    window.see("Seed 9 keys into 2 namespaces")
    assert window.rows()[1:4] == ["Top level", "SESSIONS", "FEATURE_FLAGS"]
    window.expand("SESSIONS")
    window.see("No keys yet: seed from a file…")
    window.shot("namespaces")

    # seed from a file with the palette
    window.palette("KV Lens: Seed Namespace from File…")
    window.asks("Seed Namespace from File")
    window.pick("SESSIONS")
    window.asks("Seed SESSIONS")
    window.seed_file(project / "seeds" / "SESSIONS.json")
    window.toast("Seeded 4 keys into SESSIONS.")
    seed = json.loads((project / "seeds" / "SESSIONS.json").read_text(encoding="utf-8"))
    for item in seed:
        window.see(item["key"])
    window.shot("seeded")

    # a Worker or curl reads what was seeded
    served = window.served("SESSIONS")
    assert served.keys().keys() == {item["key"] for item in seed}
    before = served.keys()["session:ada-4f1c"]

    # a click opens the value, Ctrl+S writes it back; metadata and expiry stay
    window.row("session:ada-4f1c").click()
    window.tab("session:ada-4f1c")
    expect(window.text()).to_contain_text('"visits": 41')
    expect(window.page.locator(".statusbar", has_text="JSON")).to_be_visible()
    window.replace('{"user":"ada","visits":42}')
    window.shot("edited")
    window.save()
    assert served.value("session:ada-4f1c") == b'{"user":"ada","visits":42}'
    assert served.keys()["session:ada-4f1c"] == before
    assert served.metadata("session:ada-4f1c") == seed[0]["metadata"]

    # a namespace added to the config appears when it is saved; every other key stays
    window.open_file("wrangler.toml")
    added = '  { binding = "ORDERS", id = "0c1d2e3f405162738495a6b7c8d9e0f1" },\n]\n\n[vars]'
    window.replace(sound.replace("]\n\n[vars]", added, 1))
    window.save()
    window.see("ORDERS")
    window.see("session:ada-4f1c")
    assert served.value("session:ada-4f1c") == b'{"user":"ada","visits":42}'
    window.shot("added")

    # a reload brings everything back
    window.reload()
    window.show_view()
    window.running()
    window.expand("SESSIONS")
    window.see("ORDERS")
    window.see("session:ada-4f1c").click()
    window.tab("session:ada-4f1c")
    expect(window.text()).to_contain_text('"visits": 42')
    window.shot("reloaded")

"""A window of the workbench, with the actions of a user."""

from __future__ import annotations

import json
import re
import shlex
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

START = 60_000  # ms: the extension's activation and the server's start, on a busy machine
SCREENSHOTS = Path(__file__).resolve().parent.parent.parent / "build" / "screenshots"

PASTE = """text => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    const paste = { clipboardData, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', paste));
}"""


@dataclass(frozen=True)
class Served:
    """A namespace as the emulator's REST API serves it: what curl, wrangler and SDKs see."""

    base: str  # up to and with the namespace's id
    token: str

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Send a request under the namespace's URL; return the status and the body."""
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(
            f"{self.base}/{path}", data=body, headers=headers, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def value(self, key: str) -> bytes | None:
        """Return a value, None if the key doesn't exist."""
        status, body = self.request("GET", f"values/{urllib.parse.quote(key, safe='')}")
        assert status in (200, 404), body
        return body if status == 200 else None

    def metadata(self, key: str) -> Any:
        """Return a key's metadata."""
        status, body = self.request("GET", f"metadata/{urllib.parse.quote(key, safe='')}")
        assert status == 200, body
        return json.loads(body)["result"]

    def keys(self) -> dict[str, dict[str, Any]]:
        """Return the first page of keys by name."""
        status, body = self.request("GET", "keys")
        assert status == 200, body
        return {key["name"]: key for key in json.loads(body)["result"]}

    def put(self, key: str, value: bytes) -> None:
        """Write a value outside the editor, like a Worker or a script."""
        path = f"values/{urllib.parse.quote(key, safe='')}"
        status, body = self.request("PUT", path, value)
        assert status == 200, body

    def delete(self, key: str) -> None:
        """Delete a key outside the editor."""
        status, body = self.request("DELETE", f"values/{urllib.parse.quote(key, safe='')}")
        assert status == 200, body


BOX = ".quick-input-widget:visible .quick-input-box input"  # of the current question


class Window:
    """One window of the workbench on one folder."""

    def __init__(self, page: Page, url: str, folder: Path, name: str) -> None:
        """Open the folder.

        Args:
            page: an empty page of the browser.
            url: the address that opens the folder.
            folder: the project.
            name: goes before the names of the screenshots.
        """
        self.page = page
        self.folder = folder
        self.name = name
        self._shots = 0
        self._console: list[str] = []
        page.on("console", lambda one: self._console.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda error: self._console.append(str(error)))
        page.goto(url)
        expect(page.locator(".monaco-workbench .part.statusbar")).to_be_visible(timeout=START)

    def shot(self, name: str) -> None:
        """Take a screenshot of the window."""
        self._shots += 1
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(400)  # notifications and menus fade in
        self.page.screenshot(path=SCREENSHOTS / f"{self.name}-{self._shots:02d}-{name}.png")

    def failed(self) -> None:
        """Keep what the window shows and has logged, after a test that failed."""
        self.shot("failed")
        log = SCREENSHOTS / f"{self.name}-console.txt"
        body = "document.body && document.body.outerHTML.slice(0, 4000)"
        frames = [f"{frame.url}\n{frame.evaluate(body)}" for frame in self.page.frames[1:]]
        log.write_text("\n".join([*self._console, *frames]), encoding="utf-8")

    def reload(self) -> None:
        """Reload the window and wait until the extension responds again."""
        self.page.reload()
        expect(self.page.locator(".monaco-workbench .part.statusbar")).to_be_visible(timeout=START)

    # --- the view ---

    def show_view(self) -> None:
        """Bring the KV Lens view to the front."""
        icon = self.page.locator('.activitybar .action-label[aria-label^="KV Lens"]')
        expect(icon).to_be_visible(timeout=START)
        title = self.page.locator(".sidebar .title-label", has_text="KV Lens")
        for _ in range(5):  # a window that is being restored may show it automatically, later
            try:
                expect(title).to_be_visible(timeout=3000)
                return
            except AssertionError:
                icon.click()
        expect(title).to_be_visible(timeout=START)

    def rows(self) -> list[str]:
        """Return the labels of the rows that the view shows."""
        return self.page.locator(
            ".sidebar .monaco-list-row[role=treeitem] .label-name"
        ).all_text_contents()

    def row(self, label: str, nth: int = 0) -> Locator:
        """Return a row of the view by its whole label, or by the whole name of its key."""
        quoted = json.dumps(label, ensure_ascii=False)
        rows = self.page.locator(".sidebar .monaco-list-row[role=treeitem]")
        named = rows.filter(has=self.page.locator(f".label-name :text-is({quoted})"))
        key = json.dumps(f"{label}, ", ensure_ascii=False)
        return named.or_(self.page.locator(f".sidebar .monaco-list-row[aria-label^={key}]")).nth(
            nth
        )

    def see(self, label: str, nth: int = 0) -> Locator:
        """Wait for a row of the view."""
        row = self.row(label, nth)
        expect(row).to_be_visible(timeout=START)
        return row

    def expand(self, label: str, nth: int = 0) -> None:
        """Open a row of the view unless it is open."""
        row = self.see(label, nth)
        for _ in range(5):  # a view that is refreshed may miss a click
            if row.get_attribute("aria-expanded") == "false":
                row.locator(".monaco-tl-twistie").click()
            try:
                expect(row).to_have_attribute("aria-expanded", "true", timeout=10_000)
                return
            except AssertionError:
                continue
        expect(row).to_have_attribute("aria-expanded", "true")

    def scroll_to(self, row: Locator) -> None:
        """Scroll down the view, which keeps only the visible rows, until it shows this one."""
        self.page.locator(".sidebar .monaco-list").first.hover()
        for _ in range(100):
            if row.count():
                break
            self.page.mouse.wheel(0, 400)
            self.page.wait_for_timeout(50)
        self.page.mouse.wheel(0, 200)  # away from the edge
        self.page.locator(".sidebar .composite.title").hover()  # no tooltip over it
        expect(row).to_be_visible()
        self.page.wait_for_timeout(500)

    def context_menu(self, label: str, action: str, nth: int = 0) -> None:
        """Run an action of a row's context menu."""
        item = self.page.locator(".context-view .action-label", has_text=action).first
        for _ in range(5):  # a view that is refreshed takes its menu away
            self.see(label, nth).click(button="right")
            self.page.wait_for_timeout(1000)
            if item.is_visible():
                break
        item.hover()
        self.page.wait_for_timeout(500)  # a menu ignores a click that is too early
        item.click()
        expect(item).to_be_hidden()

    def submenu(self, title: str) -> Locator:
        """Open a submenu of the menu that is shown; return the actions of both."""
        actions = self.page.locator(".context-view .action-label")
        shown = actions.count()
        for _ in range(5):
            actions.filter(has_text=title).hover()
            self.page.wait_for_timeout(1000)  # it opens after a while
            if actions.count() > shown:
                break
            actions.first.hover()
        return actions

    def tooltip(self, target: Locator, text: str) -> Locator:
        """Wait for the tooltip of a row or a word; it moves away when what is above changes."""
        shown = self.page.locator(".monaco-hover:visible", has_text=text)
        for _ in range(10):
            target.hover(force=True)  # a squiggle is below the text
            self.page.wait_for_timeout(2000)
            if shown.count():
                break
            self.page.locator(".sidebar .composite.title").hover()
        expect(shown.first).to_be_visible()
        return shown.first

    def welcome(self) -> Locator:
        """Return the text of the empty view."""
        return self.page.locator(".sidebar .welcome-view-content")

    # --- the palette and its questions ---

    def palette(self, title: str) -> None:
        """Run a command of the palette."""
        self._ask("F1")
        self.type(f">{title}")
        row = self.choices().first
        expect(row).to_contain_text(title)
        self.confirm()

    def _ask(self, key: str) -> None:
        """Press a key that shows an input box; a window that is being drawn may not listen yet."""
        for _ in range(5):
            self.page.keyboard.press(key)
            try:
                expect(self.page.locator(BOX)).to_be_visible(timeout=10_000)
                return
            except AssertionError:
                continue
        expect(self.page.locator(BOX)).to_be_visible()

    def asks(self, title: str) -> None:
        """Wait for a question with this title."""
        expect(self.page.locator(".quick-input-title:visible")).to_contain_text(title)

    def choices(self, text: str = "") -> Locator:
        """Return the rows of the current question's list, but not those of the one before."""
        rows = ".quick-input-widget:visible .quick-input-list .monaco-list-row"
        return self.page.locator(rows, has_text=text)

    def pick(self, label: str) -> None:
        """Choose from the list of the current question."""
        row = self.choices(label).first
        row.click()

    def type(self, text: str) -> None:
        """Type into the input box, without confirming."""
        self.page.locator(BOX).fill(text)

    def answer(self, text: str) -> None:
        """Type into the input box, and confirm."""
        self.type(text)
        self.confirm()

    def confirm(self) -> None:
        """Press Enter in the current question, which may have been shown without the focus."""
        self.page.locator(BOX).press("Enter")

    def objection(self) -> Locator:
        """Return the input box's validation message."""
        return self.page.locator(".quick-input-widget:visible .quick-input-message")

    def file(self, path: Path) -> None:
        """Choose a path in the workbench's own file dialog."""
        box = self.page.locator(BOX)
        expect(box).to_have_value(re.compile(r"[/\\]"))  # the dialog has found its folder
        expect(self.choices().first).to_be_visible()
        for _ in range(20):  # it may still reset the box while it reads its folder
            box.fill(str(path))
            self.page.wait_for_timeout(300)
            if box.input_value() == str(path):
                break
        self.confirm()

    def seed_file(self, path: Path) -> None:
        """Choose a seed file from the list of the project's own, or another one."""
        if path.parent.name == "seeds":
            # each file that has been looked at draws the list again
            row = self.choices(path.name)
            expect(row.first).to_contain_text(re.compile(" keys?, | mistakes?$|is the same"))
            busy = self.page.locator(".quick-input-widget:visible .quick-input-progress.active")
            expect(busy).to_have_count(0)
            self.pick(path.name)
        else:
            self.pick("Browse…")
            self.file(path)

    def dialog(self, button: str) -> None:
        """Press a button of the modal question."""
        self.page.locator(".monaco-dialog-box .monaco-button", has_text=button).click()

    def toast(self, text: str) -> Locator:
        """Wait for a notification."""
        found = self.page.locator(".notifications-toasts .notification-list-item", has_text=text)
        expect(found.first).to_be_visible()
        return found.first

    # --- documents ---

    def open_file(self, name: str) -> None:
        """Open a file of the folder."""
        self._ask("Control+P")
        self.type(name)
        row = self.choices().first
        expect(row).to_contain_text(name)
        self.confirm()
        self.tab(name)

    def go_to(self, line: int, column: int) -> None:
        """Put the cursor into the active editor."""
        self._ask("Control+G")
        self.type(f":{line}:{column}")
        row = self.choices().first
        expect(row).to_contain_text(f"line {line} at column {column}")
        self.confirm()
        expect(self.page.locator(".quick-input-widget:visible")).to_have_count(0)

    def tab(self, name: str) -> None:
        """Wait until the active tab is this one."""
        tab = self.page.locator(f'.tab.active[data-resource-name="{name}"]')
        expect(tab).to_be_visible(timeout=START)

    def text(self) -> Locator:
        """Return the lines of the active editor."""
        return self.page.locator(".editor-instance .view-lines")

    def lens(self, text: str) -> Locator:
        """Return the topmost code lens with this text: their elements aren't in this order."""
        lenses = self.page.locator(".editor-instance .codelens-decoration a", has_text=text)
        expect(lenses.first).to_be_visible(timeout=START)
        tops = lenses.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        return lenses.nth(tops.index(min(tops)))

    def replace(self, text: str) -> None:
        """Replace all text of the active editor."""
        self.page.locator(".editor-instance .view-lines").click()
        expect(self.page.locator(".editor-instance .monaco-editor.focused")).to_be_visible()
        self.page.keyboard.press("Control+A")
        # pasted, as typing would close brackets and quotes automatically
        self.page.evaluate(PASTE, text)
        expect(self.page.locator(".tab.active.dirty")).to_have_count(1)

    def fixes(self) -> Locator:
        """Return the list of quick fixes at the cursor."""
        rows = self.page.locator(".action-widget .monaco-list-row")
        expect(self.page.locator(".editor-instance .lightBulbWidget").first).to_be_visible()
        for _ in range(10):  # the list closes automatically when the file is updated
            self.page.keyboard.press("Control+.")
            self.page.wait_for_timeout(1000)
            if rows.count():
                break
        expect(rows.first).to_be_visible()
        return rows

    def save(self) -> None:
        """Save the active editor and wait until it is saved."""
        dirty = self.page.locator(".tab.active.dirty")
        for _ in range(3):  # VS Code ignores a save while it still handles a failed one
            self.page.keyboard.press("Control+S")
            try:
                expect(dirty).to_have_count(0, timeout=15_000)
                return
            except AssertionError:
                continue
        expect(dirty).to_have_count(0)

    def save_as(self, name: str) -> Locator:
        """Save the active editor under another name; return the dialog, which may still ask."""
        self.palette("File: Save As...")
        dialog = self.page.locator(".quick-input-widget:visible")
        box = dialog.locator(".quick-input-box input")
        # the dialog has found its folder and proposes the current name
        expect(box).to_have_value(re.compile(r"/KV Lens/[^/]+/[^/]+"))
        path = f"{box.input_value().rpartition('/')[0]}/{name}"
        for _ in range(20):  # it may still reset the box
            box.fill(path)
            self.page.wait_for_timeout(300)
            if box.input_value() == path:
                break
        self.confirm()
        return dialog

    def status(self) -> Locator:
        """Return KV Lens' item in the status bar."""
        return self.page.locator('.statusbar-item[id="kvlens.kvlens.kvlens.status"]')

    # --- the emulator ---

    def running(self) -> None:
        """Wait until the status bar shows the emulator's address."""
        expect(self.status()).to_contain_text("KV 127.0.0.1:", timeout=START)

    def served(self, namespace: str | None = None) -> Served:
        """Return the target of the command "Copy as curl", for one of the namespaces."""
        self.page.evaluate("navigator.clipboard.writeText('')")
        self.palette("KV Lens: Copy as curl")
        if namespace is not None:
            self.pick(namespace)
        copied = ""
        for _ in range(200):
            copied = str(self.page.evaluate("navigator.clipboard.readText()"))
            if copied:
                break
            self.page.wait_for_timeout(100)
        words = shlex.split(copied)
        assert words[:2] == ["curl", "-H"], words
        return Served(
            words[3].removesuffix("/keys"), words[2].removeprefix("Authorization: Bearer ")
        )

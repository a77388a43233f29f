"""What a new user does first: seed, see values, run the Worker, write code that uses the keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from scripts.toolchain import INTEROP_TREE
from tests.editor.conftest import Open
from tests.editor.window import START, Window

WORKER = """\
export default {
  async fetch(request, env) {
    const ada = await env.SESSIONS.get("session:ada-4f1c");
    const none = await env.SESSIONS.get("session:nobody");
    return new Response(`${ada} ${none}`);
  },
};
"""
SEED_ALL = "Seed 9 keys into 2 namespaces"


@pytest.fixture
def with_workerd(project: Path) -> Path:
    """Link workerd into the project, as it has it after `npm install`."""
    modules = INTEROP_TREE / "node_modules"
    (project / "node_modules").symlink_to(modules, target_is_directory=True)
    return project


def suggestions(window: Window) -> Locator:
    """Return the rows of the list of completions."""
    return window.page.locator(".suggest-widget.visible .monaco-list-row")


def word(window: Window, text: str) -> Locator:
    """Return a word of the code."""
    return window.page.locator(".editor-instance .view-line span span", has_text=text).first


def toasts(window: Window) -> Locator:
    """Return all notifications."""
    return window.page.locator(".notifications-toasts .notification-list-item")


def put_value(window: Window, value: str) -> None:
    """Answer the question for the value of a key, and choose no extras."""
    expect(window.objection()).to_contain_text("Value of")
    window.answer(value)
    expect(window.page.locator(".quick-input-widget:visible .quick-input-box input")).to_have_value(
        ""
    )
    window.confirm()


def test_a_missing_package_is_said_once_with_the_command_that_installs_it(
    open_window: Open, project: Path
) -> None:
    (project / ".vscode").mkdir(exist_ok=True)
    settings = json.dumps({"kvlens.store": "cloudflare:account"})
    (project / ".vscode" / "settings.json").write_text(settings, encoding="utf-8")
    window = open_window(project)
    window.show_view()
    row = window.see("Install cloudflare: copy command")
    window.expand("SESSIONS")
    window.page.wait_for_timeout(2000)  # until an error below it would be shown
    expect(window.page.locator(".sidebar .monaco-list-row", has_text="cloudflare")).to_have_count(1)
    window.shot("missing-package")
    row.click()
    window.toast("Copied. Run it in a terminal, then restart the emulator")
    copied = window.page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("-m pip install -U cloudflare")


# seeding


def test_an_empty_project_is_seeded_at_once_and_shows_its_keys(window: Window) -> None:
    window.see(SEED_ALL)
    for label in ("Top level", "staging"):
        expect(window.see(label)).to_contain_text("local")
    window.shot("empty")
    window.see(SEED_ALL).click()
    toast = window.toast("Seeded 9 keys into 2 namespaces.")
    toast.locator(".monaco-button", has_text="Undo").click()
    window.toast("Deleted 9 keys.")
    window.see(SEED_ALL).click()
    for key in ("session:ada-4f1c", "flag:gift-cards", "theme"):  # nothing was expanded
        window.see(key)
    expect(window.row(SEED_ALL)).to_have_count(0)
    window.shot("seeded")
    window.palette("KV Lens: Seed All Namespaces")
    window.toast("Seeded 9 keys into 2 namespaces.")  # nothing is replaced: all are the same


def test_a_window_opens_with_keys(window: Window) -> None:
    window.see(SEED_ALL).click()
    window.see("theme")
    window.reload()
    window.show_view()
    window.running()
    for key in ("session:ada-4f1c", "theme"):
        window.see(key)


def test_the_projects_seed_files_come_first_with_what_they_change(
    window: Window, project: Path
) -> None:
    seeds = project / "seeds"
    (seeds / "bad.json").write_text('[{"key": 1}, {"value": "x"}, 3]', encoding="utf-8")
    window.palette("KV Lens: Seed Namespace from File…")
    window.pick("FEATURE_FLAGS")
    window.asks("Seed FEATURE_FLAGS")
    rows = window.choices()
    wanted = ["FEATURE_FLAGS.json5 keys, 5 new", "SESSIONS.json4 keys, 4 new", "bad.json"]
    for nth, text in enumerate([*wanted, "Browse…"]):
        expect(rows.nth(nth)).to_contain_text(text)
    expect(rows.nth(2)).to_contain_text("mistakes")
    window.shot("picker")
    window.confirm()  # the namespace's own file
    window.toast("Seeded 5 keys into FEATURE_FLAGS.")

    served = window.served("FEATURE_FLAGS")
    served.put("theme", b"dark")
    served.delete("banner")
    window.palette("KV Lens: Seed Namespace from File…")
    window.pick("FEATURE_FLAGS")
    expect(rows.first).to_contain_text("5 keys, 1 new, 1 changed")
    window.page.keyboard.press("Escape")


def test_mistakes_are_counted_and_opened_with_the_keyboard(window: Window, project: Path) -> None:
    bad = project / "seeds" / "SESSIONS.json"
    bad.write_text(json.dumps([{"key": n} for n in range(5)], indent=1), encoding="utf-8")
    window.palette("KV Lens: Seed Namespace from File…")
    window.pick("SESSIONS")
    expect(window.choices().first).to_contain_text("5 mistakes")
    window.confirm()
    window.toast("5 mistakes in SESSIONS.json. Nothing was written.")
    expect(toasts(window)).to_have_count(1)
    window.palette("Notifications: Focus Notification Toast")
    window.page.keyboard.press("Tab")
    window.shot("mistakes")
    window.page.keyboard.press("Enter")
    window.tab("SESSIONS.json")


# code


@pytest.fixture
def code(window: Window, project: Path) -> Window:
    """Open a Worker's code, with the keys seeded."""
    window.see(SEED_ALL).click()
    window.see("theme")
    window.palette("Notifications: Clear All Notifications")
    (project / "src" / "index.js").write_text(WORKER, encoding="utf-8")
    window.open_file("index.js")
    inlay = window.page.locator(".editor-instance .view-line", has_text="no such key")
    expect(inlay).to_have_count(1, timeout=START)
    return window


def test_bindings_methods_and_keys_are_completed_first(code: Window) -> None:
    keyboard = code.page.keyboard
    code.go_to(4, 59)
    keyboard.press("Enter")
    keyboard.type("await env.")
    expect(suggestions(code).nth(0)).to_contain_text("SESSIONS")
    expect(suggestions(code).nth(1)).to_contain_text("FEATURE_FLAGS")
    code.shot("bindings")
    keyboard.press("Enter")
    expect(code.text()).to_contain_text("await env.SESSIONS")
    keyboard.type(".")
    for nth, name in enumerate(("get", "put", "list", "delete", "getWithMetadata")):
        expect(suggestions(code).nth(nth)).to_contain_text(name)
    keyboard.press("ArrowDown")
    details = code.page.locator(".suggest-details")
    keyboard.press("Control+Space")
    expect(details).to_contain_text("25 MiB")
    code.shot("methods")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    expect(suggestions(code).first).to_contain_text("avatar:ada")  # the keys follow at once
    code.shot("keys")
    keyboard.press("Enter")
    expect(code.text()).to_contain_text('env.SESSIONS.get("avatar:ada")')


def test_a_key_in_code_leads_to_its_value(code: Window) -> None:
    code.go_to(3, 45)
    code.page.keyboard.press("F12")
    code.tab("session:ada-4f1c")
    expect(code.text()).to_contain_text('"visits": 41')


def test_a_key_of_two_environments_shows_both(code: Window) -> None:
    code.palette("KV Lens: Put Key")
    rows = code.choices("env.staging")
    rows.first.click()
    code.asks("Put Key: SESSIONS (staging)")
    code.answer("session:ada-4f1c")
    put_value(code, "of staging")
    expect(code.page.locator(".statusbar")).to_contain_text('Put "session:ada-4f1c"')
    code.go_to(3, 45)
    code.page.keyboard.press("F12")
    peek = code.page.locator(".peekview-widget")
    expect(peek).to_contain_text("Definitions (2)")
    values = peek.locator(".ref-tree .monaco-list-row[aria-level='1']")  # one may be open
    expect(values).to_have_count(2)
    code.shot("both")


def test_the_hover_opens_edits_and_copies(code: Window) -> None:
    key = word(code, "session:ada-4f1c")
    hover = code.tooltip(key, "Copy")
    for title in ("Open", "Edit", "Copy"):
        expect(hover.get_by_role("link", name=title, exact=True)).to_be_visible()
    code.shot("hover")
    hover.get_by_role("link", name="Copy", exact=True).click()
    expect(code.page.locator(".statusbar")).to_contain_text("Copied ")
    copied = str(code.page.evaluate("navigator.clipboard.readText()"))
    assert json.loads(copied) == {"user": "ada", "visits": 41}
    code.tooltip(key, "Edit").get_by_role("link", name="Edit", exact=True).click()
    box = code.page.locator(".quick-input-widget:visible .quick-input-box input")
    expect(box).to_have_value('{"user":"ada","visits":41}')
    code.page.keyboard.press("Escape")
    code.tooltip(key, "Open").get_by_role("link", name="Open", exact=True).click()
    code.tab("session:ada-4f1c")


def test_a_missing_key_is_created_from_the_code(code: Window) -> None:
    code.go_to(4, 50)
    fixes = code.fixes()
    fix = fixes.filter(has_text='Create the key "session:nobody" in SESSIONS…')
    expect(fix).to_be_visible()
    code.shot("create")
    fix.click()
    code.asks("Put Key: SESSIONS")
    put_value(code, "a value")
    expect(code.page.locator(".statusbar")).to_contain_text('Put "session:nobody"')
    inlay = code.page.locator(".editor-instance .view-line", has_text="no such key")
    expect(inlay).to_have_count(0)
    assert code.served("SESSIONS").value("session:nobody") == b"a value"


# the Worker


def test_what_runs_a_worker_is_installed_on_request(open_window: Open, project: Path) -> None:
    (project / "pnpm-lock.yaml").write_text("", encoding="utf-8")
    (project / "package.json").write_text("{}", encoding="utf-8")
    window = open_window(project)
    window.show_view()
    window.running()
    window.palette("KV Lens: Run Worker")
    window.pick("Top level")
    toast = window.toast('Install it with "pnpm add --save-dev wrangler"?')
    expect(toasts(window)).to_have_count(1)
    window.shot("missing")
    toast.get_by_text("Install", exact=True).click()
    expect(window.page.locator(".part.panel")).to_contain_text("Install wrangler", timeout=START)
    window.shot("installing")


def test_a_worker_that_cannot_start_says_so_once(open_window: Open, project: Path) -> None:
    config = project / "wrangler.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('main = "src/index.js"\n', ""), encoding="utf-8")
    window = open_window(project)
    window.show_view()
    window.running()
    window.palette("KV Lens: Run Worker")
    window.pick("Top level")
    toast = window.toast("the config has no main")
    for shell in ("kvlens dev", "kvlens serve", "KV Lens: "):
        expect(toast).not_to_contain_text(shell)
    expect(toasts(window)).to_have_count(1)
    window.shot("no-main")


def test_the_mistakes_of_a_build_are_problems_until_they_are_corrected(
    with_workerd: Path, open_window: Open
) -> None:
    source = with_workerd / "src" / "index.js"
    source.write_text('import "./missing.js";\nexport default { fetch() {} };\n', encoding="utf-8")
    window = open_window(with_workerd)
    window.show_view()
    window.running()
    window.palette("KV Lens: Run Worker")
    window.pick("Top level")
    toast = window.toast("The Worker can't be built.")
    expect(toasts(window)).to_have_count(1)
    window.shot("failed")
    toast.get_by_text("Show Problems").click()
    problem = window.page.locator(".markers-panel .monaco-list-row", has_text="missing.js")
    expect(problem.first).to_contain_text("[Ln 1, Col 8]")
    window.shot("problems")
    problem.first.dblclick()
    window.tab("index.js")
    window.replace("export default { fetch() { return new Response('ok'); } };\n")
    window.save()
    expect(problem).to_have_count(0)


# settings


def test_open_settings_opens_the_settings(window: Window) -> None:
    window.palette("KV Lens: Open Settings")
    settings = window.page.locator(".settings-editor")
    expect(settings).to_contain_text("Kvlens: Store", timeout=START)
    expect(settings).to_contain_text("Kvlens: Port")
    window.shot("settings")


# colors

THEMES = {
    "light": "Default Light Modern",
    "dark": "Default Dark Modern",
    "high-contrast": "Default High Contrast",
}


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_config_is_colored_without_an_extension_for_toml(
    open_window: Open, project: Path, theme: str
) -> None:
    (project / ".vscode").mkdir()
    settings = {"workbench.colorTheme": theme}
    (project / ".vscode" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    window = open_window(project)
    window.show_view()
    window.running()
    window.open_file("wrangler.toml")
    expect(window.page.locator(".statusbar")).to_contain_text("Plain Text")
    script = """() => {
        const color = text => {
            const spans = [...document.querySelectorAll('.editor-instance .view-line span span')];
            const found = spans.find(one => one.textContent.replaceAll('\u00a0', ' ').includes(text));
            return found && getComputedStyle(found).color;
        };
        return ['# A', 'compatibility_date', '"src/index.js"', 'vars'].map(color);
    }"""
    for _ in range(100):
        colors = window.page.evaluate(script)
        if len(set(colors)) > 2 and None not in colors:
            break
        window.page.wait_for_timeout(200)
    assert len(set(colors)) > 2 and None not in colors, colors
    lenses = window.page.locator(".editor-instance .codelens-decoration a")
    expect(lenses).to_have_count(9)
    window.shot("colors")

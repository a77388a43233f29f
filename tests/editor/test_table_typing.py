"""What is typed into a table is never lost, and always changes the row that the user sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.editor.conftest import kvlens, until
from tests.editor.test_table import PASTE, Table, project, stored, table

__all__ = ["project", "table"]

WHERE = {
    # where it is typed: what is clicked first, what is typed into
    "cell": ".cellEditor",
    "value": ".valueEditor",
    "metadata": ".metadataEditor",
    "expiration": ".details .row2 input",
}


def begin(table: Table, where: str) -> None:
    """Click into a field of user:1, with everything in it selected."""
    if where == "cell":
        table.cell("user:1", "value").dblclick()
    else:
        table.row("user:1").click()
        expect(table.frame.locator(".details h2")).to_have_text("user:1")
    if where == "value":
        table.frame.locator(".editValue").click()
    field = table.frame.locator(WHERE[where])
    field.click()
    expect(field).to_be_focused()
    table.window.page.keyboard.press("Control+a")


TYPED = {"cell": '"mine"', "value": '"mine"', "metadata": '{"m":1}', "expiration": "2h"}


@pytest.mark.parametrize("where", WHERE)
def test_ctrl_s_saves_what_is_being_typed(table: Table, project: Path, where: str) -> None:
    begin(table, where)
    table.window.page.keyboard.type(TYPED[where])
    table.window.page.keyboard.press("Control+s")

    def is_saved() -> bool:
        listed = kvlens(project, "key", "list", "--binding", "CART")
        if where == "metadata":
            return '"m": 1' in listed
        if where == "expiration":
            return listed.count('"expiration"') == 2
        return stored(project, "user:1") == '"mine"'

    assert until(is_saved)
    expect(table.frame.locator(".changes")).to_have_count(0)
    expect(table.window.page.locator(".tab.active.dirty")).to_have_count(0)


def test_another_row_takes_in_what_was_typed(table: Table) -> None:
    begin(table, "value")
    table.window.page.keyboard.type('"taken in"')
    table.row("user:2").click()
    expect(table.cell("user:1", "value")).to_have_text('"taken in"')
    begin(table, "value")
    table.window.page.keyboard.type('"dropped"')
    table.frame.get_by_role("button", name="Cancel").click()
    expect(table.cell("user:1", "value")).to_have_text('"taken in"')


def test_metadata_that_is_not_json_is_kept_and_named(table: Table) -> None:
    begin(table, "metadata")
    table.window.page.keyboard.type('{"broken"')
    table.row("user:2").click()
    expect(table.frame.locator(".failure")).to_contain_text(
        'The metadata of "user:1" is not changed'
    )
    table.row("user:1").click()
    expect(table.frame.locator(".metadataEditor")).to_have_value('{"broken"')


def test_a_double_click_edits_the_row_under_the_mouse(table: Table) -> None:
    table.cell("user:1", "value").dblclick()
    expect(table.frame.locator(".cellEditor")).to_be_focused()
    table.window.page.keyboard.type('"one"')
    table.window.page.keyboard.press("Enter")
    expect(table.frame.locator(".changes")).to_have_text("1 unsaved change")
    top = table.row("user:2").bounding_box()
    table.row("user:1").click()
    assert table.row("user:2").bounding_box() == top, "the rows stay where they are"
    table.cell("user:2", "value").dblclick(delay=150)
    expect(table.row("user:2").locator(".cellEditor")).to_be_focused()


def test_pasted_rows_leave_the_current_row_alone(table: Table) -> None:
    table.row("user:1").click()
    table.grid.evaluate(PASTE, "new:1\tx\nnew:2\ty\n")
    expect(table.row("new:2")).to_be_visible()
    expect(table.frame.locator(".details h2")).to_have_text("user:1")
    table.grid.press("Delete")
    expect(table.frame.locator(".row.deleted .cell.key")).to_have_text(["user:1"])


def test_rows_of_others_leave_the_current_row_alone(table: Table, project: Path) -> None:
    table.row("user:2").click()
    for name in ("a", "b", "user:0"):
        kvlens(project, "key", "put", name, "1", "--binding", "CART")
    expect(table.footer()).to_contain_text("9 keys")
    expect(table.row("user:2")).to_have_class("row selected current")
    expect(table.frame.locator(".details h2")).to_have_text("user:2")


def test_a_new_row_needs_a_name_of_its_own(table: Table) -> None:
    page = table.window.page
    table.frame.get_by_role("button", name="New Key").click()
    editor = table.frame.locator(".cellEditor")
    expect(editor).to_be_focused()
    expect(editor).to_have_value("")
    page.keyboard.type("user:1")
    page.keyboard.press("Enter")
    expect(editor).to_have_js_property(
        "validationMessage", 'There is a key "user:1" already. Use another name, or edit that key.'
    )
    expect(editor).to_have_value("user:1")
    table.window.shot("taken")
    page.keyboard.press("Control+a")
    page.keyboard.type("user:3")
    page.keyboard.press("Enter")
    expect(table.row("user:3")).to_be_visible()
    table.frame.get_by_role("button", name="New Key").click()
    expect(editor).to_be_focused()
    page.keyboard.press("Escape")
    expect(table.frame.locator(".row.new .cell.key")).to_have_text(["user:3"])


def test_an_edit_after_the_undo_of_a_saved_one_is_not_saved(table: Table, project: Path) -> None:
    page = table.window.page

    def edit(text: str) -> None:
        begin(table, "cell")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        expect(table.frame.locator(".changes")).to_have_text("1 unsaved change")

    edit("one")
    table.window.save()
    page.keyboard.press("Control+z")
    expect(table.frame.locator(".changes")).to_have_text("1 unsaved change")
    edit("two")
    expect(page.locator(".tab.active.dirty")).to_have_count(1)
    page.keyboard.press("Control+w")
    expect(page.locator(".monaco-dialog-box")).to_contain_text("save the changes")
    table.window.dialog("Cancel")
    table.frame.get_by_role("button", name="Discard").click()
    expect(table.frame.locator(".changes")).to_have_count(0)
    assert stored(project, "user:1") == "one"


def test_a_new_row_stays_current_whatever_is_filtered(table: Table) -> None:
    table.frame.get_by_role("button", name="New Key").click()
    expect(table.frame.locator(".cellEditor")).to_be_focused()
    table.window.page.keyboard.type("user:3")
    table.window.page.keyboard.press("Enter")
    expect(table.row("user:3")).to_have_class("row new selected current")
    table.filter("note")
    expect(table.footer()).to_contain_text("1 of ")
    expect(table.row("user:3")).to_have_class("row new selected current")


REFUSED = {
    # id: (column, what is typed, what is wrong with it)
    "a dot": ("key", ".", '"." isn\'t allowed as a key name.'),
    "a long name": ("key", "x" * 513, "This name is 513 bytes in UTF-8; the limit is 512."),
    "long metadata": (
        "metadata",
        f'"{"x" * 1023}"',
        "This is 1025 bytes as JSON; the limit is 1024.",
    ),
}


@pytest.mark.parametrize(("column", "text", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_no_store_takes_is_typed_again(
    table: Table, column: str, text: str, problem: str
) -> None:
    table.cell("user:1", column).dblclick()
    editor = table.frame.locator(".cellEditor")
    expect(editor).to_be_focused()
    editor.fill(text)
    editor.press("Enter")
    expect(editor).to_have_js_property("validationMessage", problem)
    expect(editor).to_have_value(text)
    expect(table.window.page.locator(".tab.active.dirty")).to_have_count(0)


def test_copies_of_a_key_have_names_of_their_own(table: Table) -> None:
    names = table.frame.locator(".row.new .cell.key")
    for copies in (["user:2 copy"], ["user:2 copy", "user:2 copy 2"]):
        table.row("user:2").click()
        table.grid.press("Control+d")
        expect(names).to_have_text(copies)
    table.window.save()
    expect(table.footer()).to_contain_text("8 keys")


EXPIRES = {"30s": "60 seconds from now", "2001-01-01": "60 seconds from now", "soon": "not a time"}


def test_an_expiration_is_checked_where_it_is_typed(table: Table, project: Path) -> None:
    for text, message in EXPIRES.items():
        begin(table, "expiration")
        table.window.page.keyboard.type(text)
        expect(table.frame.locator(".details .problem")).to_contain_text(message)
    table.row("user:2").click()
    table.frame.get_by_role("button", name="1 min").click()
    expect(table.frame.locator(".changes")).to_have_text("1 unsaved change")
    table.window.page.wait_for_timeout(2_500)  # it counts from the save
    table.window.save()
    expect(table.frame.locator(".changes")).to_have_count(0)
    assert kvlens(project, "key", "list", "--binding", "CART").count('"expiration"') == 2


def test_a_broken_filter_deletes_nothing(table: Table) -> None:
    table.filter("user:*")
    expect(table.frame.get_by_role("button", name="Delete All Matches…")).to_be_visible()
    table.filter("ttl<x")
    expect(table.frame.locator(".filter .problem")).to_be_visible()
    expect(table.frame.get_by_role("button", name="Delete All Matches…")).to_have_count(0)


def test_a_write_while_a_cell_is_open_is_not_overwritten_unseen(
    table: Table, project: Path
) -> None:
    begin(table, "cell")
    kvlens(project, "key", "put", "user:1", "theirs", "--binding", "CART")
    table.window.page.keyboard.type("mine")
    table.window.page.keyboard.press("Control+s")
    question = table.window.page.locator(".monaco-dialog-box")
    expect(question).to_contain_text("Something else has changed these keys")
    table.window.dialog("Cancel")
    assert stored(project, "user:1") == "theirs"


def test_a_write_while_details_are_typed_into_keeps_the_text(table: Table, project: Path) -> None:
    begin(table, "value")
    table.window.page.keyboard.type("mine")
    kvlens(project, "key", "put", "user:1", "theirs, and longer", "--binding", "CART")
    expect(table.cell("user:1", "value")).to_have_text("theirs, and longer")
    expect(table.frame.locator(".valueEditor")).to_have_value("mine")


HARD = {
    "lines\r\n": "a\r\nb",
    "mixed": "a\r\nb\nc",
    "nl\nin": "1",
    "number": "1",
}


def test_hard_contents_stay_as_they_are(table: Table, project: Path) -> None:
    big = '{"id":12345678901234567890,"v":1.0}'
    items = [{"key": key, "value": value} for key, value in HARD.items()]
    (project / "hard.json").write_text(json.dumps(items), encoding="utf-8")
    kvlens(project, "bulk", "put", "hard.json", "--binding", "CART")
    kvlens(project, "key", "put", "number", big, "--metadata", big, "--binding", "CART")
    page = table.window.page
    table.row("lines\\x0d\\n").click()
    table.frame.locator(".editValue").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("!")
    table.row("mixed").click()
    expect(table.frame.locator(".details h2")).to_have_text("mixed")
    expect(table.frame.locator(".editValue")).to_have_count(0)
    table.cell("nl\\nin", "key").dblclick()
    expect(table.frame.locator(".cellEditor")).to_have_value('"nl\\nin"')
    page.keyboard.press("Enter")
    table.row("number").click()
    expect(table.frame.locator("[role=tree]")).to_contain_text("12345678901234567890")
    expect(table.frame.locator("[role=tree]")).to_contain_text("1.0")
    table.cell("number", "metadata").dblclick()
    expect(table.frame.locator(".cellEditor")).to_have_value(big)
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.type("5")
    page.keyboard.press("Control+s")
    expect(table.frame.locator(".changes")).to_have_count(0)
    assert kvlens(project, "key", "get", "lines\r\n", "--binding", "CART") == "a\r\nb!"
    assert kvlens(project, "key", "get", "nl\nin", "--binding", "CART") == "1"
    listed = kvlens(project, "key", "list", "--binding", "CART")
    assert "12345678901234567890" in listed
    assert "1.05" in listed


def test_cells_are_pasted_as_a_spreadsheet_copies_them(table: Table, project: Path) -> None:
    text = 'q:1\t"a\tb\nc ""d"""\t{"m":1}\nq:2\t"plain"\nq:3\t{"a":"b"}\r\n'
    table.grid.evaluate(PASTE, text)
    expect(table.frame.locator(".row.new")).to_have_count(3)
    table.window.save()
    expect(table.frame.locator(".changes")).to_have_count(0)
    assert stored(project, "q:1") == 'a\tb\nc "d"'
    assert stored(project, "q:2") == '"plain"'
    assert stored(project, "q:3") == '{"a":"b"}'


def test_a_table_says_if_its_namespace_is_gone_from_the_config(table: Table, project: Path) -> None:
    expect(table.footer()).to_contain_text("6 keys")
    config = project / "wrangler.toml"
    config.write_text(config.read_text().replace("0f2ac74b", "1f2ac74b"), encoding="utf-8")
    expect(table.frame.locator(".banner .badge")).to_have_text("not in wrangler.toml")
    expect(table.row("user:1")).to_be_visible()


def test_a_row_has_a_menu(table: Table) -> None:
    page = table.window.page
    table.row("user:2").click(button="right")
    expect(table.row("user:2")).to_have_class("row selected current")
    menu = page.locator(".monaco-menu .action-menu-item:visible")
    expect(menu.first).to_contain_text("Open Value")
    expect(menu.filter(has_text="Cut")).to_have_count(0)
    table.window.shot("menu")
    menu.filter(has_text="Copy Value").click()
    copied = "async () => await navigator.clipboard.readText()"
    page.wait_for_function(f"({copied})().then((text) => text.includes('Bob'))")
    table.row("user:2").click(button="right")
    page.wait_for_timeout(500)  # a click right after the menu has opened is ignored
    menu.filter(has_text="History of This Key").click()
    expect(page.locator(".pane-header", has_text="History")).to_have_attribute(
        "aria-expanded", "true"
    )


def test_the_menu_of_a_selection_is_for_all_of_it(table: Table) -> None:
    page = table.window.page
    menu = page.locator(".monaco-menu .action-menu-item:visible")
    copied = "async (text) => (await navigator.clipboard.readText()) === text"

    def copy_key(expected: str) -> None:
        expect(menu.first).to_contain_text("Open Value")
        page.wait_for_timeout(500)  # a click right after the menu has opened is ignored
        menu.filter(has_text="Copy Key").click()
        page.wait_for_function(f"({copied})({json.dumps(expected)})")

    table.row("user:1").click()
    table.grid.press("Shift+ArrowDown")
    table.row("user:2").click(button="right")
    copy_key("user:1\nuser:2")
    table.row("note").click(button="right")
    copy_key("note")
    table.row("logo").click()
    page.keyboard.press("Shift+F10")  # no mouse
    copy_key("logo")


def test_a_field_of_metadata_is_edited_where_all_of_them_are_seen(table: Table) -> None:
    page = table.window.page
    table.frame.get_by_role("button", name="Columns").click()
    table.frame.get_by_label("Metadata field").fill("user")
    table.frame.get_by_role("button", name="Add Column").click()
    page.keyboard.press("Escape")
    table.row("user:1").locator(".cell").nth(6).click()
    page.keyboard.press("F2")
    expect(table.frame.locator(".metadataEditor")).to_be_focused()
    expect(table.frame.locator(".cellEditor")).to_have_count(0)


def test_rows_are_sorted_by_a_field_of_metadata(table: Table) -> None:
    names = table.frame.locator(".cell.key")
    table.frame.get_by_role("button", name="Columns").click()
    table.frame.get_by_label("Metadata field").fill("n")
    table.frame.get_by_role("button", name="Add Column").click()
    table.window.page.keyboard.press("Escape")
    head = table.frame.get_by_role("columnheader").last
    head.locator("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(names.first).to_have_text("user:2")  # the only one with the field
    table.window.shot("sorted")


def test_a_row_is_renamed_duplicated_and_deleted_by_its_menu(table: Table) -> None:
    page = table.window.page

    def choose(key: str, action: str) -> None:
        table.row(key).click(button="right")
        item = page.locator(".monaco-menu .action-menu-item:visible").filter(
            has=page.get_by_text(action, exact=True)
        )
        expect(item).to_have_count(1)
        page.wait_for_timeout(500)  # a click right after the menu has opened is ignored
        item.click()

    choose("user:2", "Rename")
    expect(table.frame.locator(".cellEditor")).to_be_focused()
    page.keyboard.type("user:9")
    page.keyboard.press("Enter")
    expect(table.row("user:9")).to_be_visible()
    choose("user:1", "Duplicate")
    expect(table.row("user:1 copy")).to_have_class("row new selected current")
    choose("user:1", "Delete")
    expect(table.frame.locator(".row.deleted .cell.key")).to_have_text(["user:1"])
    expect(table.frame.locator(".changes")).to_have_text("3 unsaved changes")
    table.window.shot("menu")


def test_a_renamed_row_keeps_its_type(table: Table) -> None:
    table.cell("user:1", "key").dblclick()
    expect(table.frame.locator(".cellEditor")).to_be_focused()
    table.window.page.keyboard.type("user:3")
    table.window.page.keyboard.press("Enter")
    expect(table.cell("user:3", "key")).to_have_class("cell key edited focus")
    expect(table.cell("user:3", "type")).to_have_text("json")


def test_a_large_value_is_never_written_empty(table: Table, project: Path) -> None:
    page = table.window.page
    items = [{"key": "large", "value": "x" * 1_100_000}]
    (project / "large.json").write_text(json.dumps(items), encoding="utf-8")
    kvlens(project, "bulk", "put", "large.json", "--binding", "CART")
    table.row("large").click()
    table.grid.press("Delete")
    expect(table.frame.locator(".changes")).to_have_text("1 unsaved change")
    table.window.save()
    expect(table.frame.locator(".changes")).to_have_count(0)
    table.grid.press("Control+z")
    expect(table.frame.locator(".row.new .cell.key")).to_have_text(["large"])
    page.keyboard.press("Control+s")
    table.window.toast('Nothing was saved: "large" is gone')
    assert '"large"' not in kvlens(project, "key", "list", "--binding", "CART")
    edits = ("history", "list", "--writer", "editor", "--json")
    assert until(lambda: '"large"' in kvlens(project, *edits))  # it is written after the keys
    kvlens(project, "history", "undo", "--force")
    assert len(stored(project, "large")) == 1_100_000

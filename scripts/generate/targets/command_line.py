"""docs/cli.md, every command with its options; the overview of docs/commands.md."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from kvlens.cli import COMMANDS, SECTIONS, load
from kvlens.cli.frame import EXIT_CODES, Command, parser, shown_options

from scripts.generate.tree import Tree, table

HEAD = """\
# The command line

Every command with its options, as `kvlens COMMAND --help` has them. This page is made from the
commands' own tables by `python -m scripts.generate`. See [commands](commands.md) for what they are
for.

"""


def write(tree: Tree) -> None:
    """Write both."""
    overview = ((f"`kvlens {name}`", entry.summary) for name, entry in COMMANDS.items())
    tree.fill("docs/commands.md", "shell-commands", table(("command", "what"), overview))
    parts = [HEAD + "\n".join(_contents())]
    parts += [_section(name, command) for name, command in _commands()]
    tree.write("docs/cli.md", "\n".join(parts))


def _commands() -> Iterator[tuple[str, Command | None]]:
    """Yield the commands by name; a group has no command."""
    for name in COMMANDS:
        command = load(name)
        if isinstance(command, Command):
            yield name, command
            continue
        yield name, None
        for verb, one in command.items():
            yield f"{name} {verb}", one


def _contents() -> Iterator[str]:
    for section in SECTIONS:
        names = [name for name in COMMANDS if COMMANDS[name].section == section]
        links = ", ".join(f"[{name}](#{_anchor(name)})" for name in names)
        yield f"- {section}: {links}"
    yield ""


def _anchor(name: str) -> str:
    return f"kvlens-{name.replace(' ', '-')}"


def _section(name: str, command: Command | None) -> str:
    title = f"kvlens {name}"
    if command is None:
        return f"## {title}\n\n{COMMANDS[name].summary}.\n"
    level = "###" if " " in name else "##"
    usage = " ".join(f"{title} {command.usage} [options]".split())
    parts = [f"{level} {title}\n", f"{command.about}\n", f"```\n{usage}\n```\n"]
    if command.arguments:
        rows = ((f"`{one.name}`", one.help) for one in command.arguments)
        parts.append(table(("argument", "what"), rows))
    shown = [one for one in shown_options(parser(title, command)) if one.dest != "help"]
    if shown:
        parts.append(table(("option", "what"), ((_names(one), _help(one)) for one in shown)))
    if command.examples:
        parts.append("\n".join(("```sh", *command.examples, "```\n")))
    codes = {**EXIT_CODES, **command.exit_codes}
    meanings = "; ".join(f"{code} {what}" for code, what in sorted(codes.items()))
    parts.append(f"Exit codes: {meanings}.\n")
    return "\n".join(parts)


def _names(option: argparse.Action) -> str:
    names = ", ".join(f"`{one}`" for one in option.option_strings)
    if option.nargs == 0:
        return names
    return f"{names} `{option.metavar or option.dest.upper()}`"


def _help(option: argparse.Action) -> str:
    """Return an option's help, with its choices and its default if the text lacks them."""
    text = (option.help or "") % vars(option)
    if option.choices:
        text += f"; one of {', '.join(f'`{choice}`' for choice in option.choices)}"
    if option.default and option.default is not True and "(default: " not in text:
        text += f" (default: {option.default})"
    return text.replace("<", "&lt;")

"""Print a completion script for bash, zsh or fish.

Section: Tools
"""

from __future__ import annotations

from kvlens.cli.candidates import FILES, candidates
from kvlens.cli.completion_scripts import SHELLS
from kvlens.cli.frame import Argument, Command, Options, UsageError
from kvlens.cli.terminal import exact_output, one_line


def _completion(options: Options) -> int:
    name, *passed = options.words
    if name not in SHELLS:
        raise UsageError(f'no completion for "{name}"; there is one for {", ".join(SHELLS)}')
    shell, output = SHELLS[name], exact_output()  # a shell reads it
    if not passed:
        print(shell.script, end="", file=output)
        return 0
    words = shell.words(passed)
    for candidate in candidates(words):
        is_files = candidate.word == FILES
        told = candidate._replace(about=one_line(candidate.about))
        print(FILES if is_files else shell.show(told, words[-1]), file=output)
    return 0


COMMAND = Command(
    "Print a completion script for bash, zsh or fish.\n"
    "It completes commands, options, bindings, environments, snapshots and files.",
    _completion,
    arguments=(
        Argument("SHELL", "bash, zsh or fish", tuple(SHELLS)),
        Argument("[WORD…]", "print the completions of the last word; used by the scripts"),
    ),
    examples=(
        "source <(kvlens completion bash)   # in ~/.bashrc",
        "source <(kvlens completion zsh)    # in ~/.zshrc, after compinit",
        "kvlens completion fish > ~/.config/fish/completions/kvlens.fish",
    ),
    exit_codes={1: "the script could not be printed"},
)

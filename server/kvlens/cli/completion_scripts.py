"""The scripts that `kvlens completion` prints, and each shell's format of words.

The scripts have no logic: at each Tab, they run `kvlens completion SHELL -- WORDS`, which prints
the completions of the last word. So new commands and options are completed without changes here.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import NamedTuple

from kvlens.cli.candidates import Candidate

BASH = r"""# kvlens completion for bash. Add to ~/.bashrc: source <(kvlens completion bash)
_kvlens() {
    local program=${COMP_WORDS[0]/#\~/$HOME} candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        [[ $candidate == :files ]] || COMPREPLY+=("$candidate") # of files bash knows itself
    done < <("$program" completion bash -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    if [[ ${COMPREPLY[0]} == *[=:/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o default -F _kvlens kvlens
"""

ZSH = r"""#compdef kvlens
# kvlens completion for zsh. Add to ~/.zshrc, after compinit: source <(kvlens completion zsh)
_kvlens() {
    local program=${(Q)words[1]}
    local -a candidates
    candidates=("${(@f)$(${~program} completion zsh -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ ${candidates[1]} == ":files" ]]; then
        _files
    elif [[ -n ${candidates[1]} ]]; then
        _describe -V kvlens candidates
    fi
}
if [[ ${funcstack[1]} == _kvlens ]]; then
    _kvlens "$@"
else
    compdef _kvlens kvlens
fi
"""

FISH = r"""# kvlens completion for fish. Put it in ~/.config/fish/completions/kvlens.fish
function __kvlens_candidates
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l found ($words[1] completion fish -- $words[2..-1] "$current" 2>/dev/null)
    if test "$found[1]" = :files
        __fish_complete_path $current
    else
        string join -- \n $found
    end
end
complete --command kvlens --no-files --keep-order --arguments '(__kvlens_candidates)'
"""


class Shell(NamedTuple):
    """A shell: its script, how to read the words that the script passes, how to show a candidate.

    show: also gets the word that is being completed.
    """

    script: str
    words: Callable[[list[str]], list[str]]
    show: Callable[[Candidate, str], str]


def _bash_words(passed: list[str]) -> list[str]:
    """Split the line as bash does, up to the cursor; bash's own words are cut at = and :."""
    line = passed[0] if passed else ""
    for end in ("", "'", '"'):  # a quote may be open
        try:
            words = shlex.split(line + end)
        except ValueError:
            continue
        starts_anew = not end and line[-1:].isspace() and not line.endswith("\\ ")
        return [*words[1:], ""] if starts_anew else words[1:]
    return [""]


def _bash_show(candidate: Candidate, current: str) -> str:
    """Return the part after the last = or :, where bash has begun the word, quoted."""
    cut = max(current.rfind("="), current.rfind(":")) + 1
    return shlex.quote(candidate.word[cut:])


def _zsh_show(candidate: Candidate, current: str) -> str:
    word = candidate.word.replace("\\", r"\\").replace(":", r"\:")
    return f"{word}:{candidate.about}" if candidate.about else word


def _fish_show(candidate: Candidate, current: str) -> str:
    return f"{candidate.word}\t{candidate.about}" if candidate.about else candidate.word


SHELLS = {
    "bash": Shell(BASH, _bash_words, _bash_show),
    "zsh": Shell(ZSH, lambda passed: passed, _zsh_show),
    "fish": Shell(FISH, lambda passed: passed, _fish_show),
}

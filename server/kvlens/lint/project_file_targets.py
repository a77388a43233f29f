"""What a project file names that doesn't exist: environments, and bindings and files of seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from kvlens import lookups
from kvlens.config.find import ConfigError, find_configs, read_config
from kvlens.config.model import Config
from kvlens.config.reader import load_text
from kvlens.config.syntax_check import check_config_syntax
from kvlens.lint.project_file import Mistake, Name, ProjectFile
from kvlens.lint.wording import listed
from kvlens.spelling import nearest


def missing_targets(file: ProjectFile, counts: Callable[[Path], bool]) -> Iterator[Mistake]:
    """Yield the names in a project file that stand for nothing.

    `counts` returns whether it is the project file that counts for a config.
    """
    assert file.path is not None
    yield from _missing_files(file)
    if not file.environment_names and not file.seed_bindings:
        return
    configs = []
    for path in find_configs(file.path.parent):
        if counts(path):
            try:
                configs.append(load_text(read_config(path), str(path)))
            except ConfigError:
                return  # it may declare anything
    if not configs or any(config.refused for config in configs):
        return
    environments = {each.name for config in configs for each in config.environments if each.name}
    is_known = not any(config.is_code for config in configs)  # a mode may have any name
    found = [
        mistake
        for named in file.environment_names
        for mistake in _unknown(named, "environment", environments, is_known)
    ]
    bindings = {name for config in configs for name in _bindings(config)}
    for named in file.seed_bindings:
        found += _unknown(named, "namespace", bindings, is_known)
    if found and all(check_config_syntax(config) is None for config in configs):
        yield from found


def _bindings(config: Config) -> Iterator[str]:
    for environment in config.environments:
        for kv in (*environment.kv, *environment.previews):
            yield from (name for entry in kv.entries if (name := entry.text_of("binding")))


def _unknown(named: Name, what: str, known: Iterable[str], is_known: bool) -> Iterator[Mistake]:
    names = sorted(known)
    if named.text in names:
        return
    hint = _hint(named.text, names)
    if hint or is_known:
        there = f"; there {'is' if len(names) == 1 else 'are'} {listed(names)}." if names else "."
        message = f'No config here has the {what} "{named.text:.80}"'
        yield Mistake(named.span, f"{message}{hint or there}")


def _missing_files(file: ProjectFile) -> Iterator[Mistake]:
    for named in file.seed_files:
        if file.seeds.matching(named.text):
            continue
        assert file.path is not None
        path = file.path.parent / named.text.strip("/")
        start = named.text[: -len(path.name)]
        others = [start + name for name, _ in lookups.entries(path.parent, (".json",))]
        hint = _hint(named.text, others) or "."
        yield Mistake(named.span, f'No file here is or matches "{named.text:.80}"{hint}')


def _hint(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return f'; did you mean "{near}"?' if near else ""

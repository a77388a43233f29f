"""Check the files of each project together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kvlens import lookups
from kvlens.config.find import configs_in
from kvlens.config.model import Config
from kvlens.files import absolute
from kvlens.js import find
from kvlens.lint.base import Problem
from kvlens.lint.check_files import check_file
from kvlens.lint.checked import Checked
from kvlens.lint.left_over import is_left_over
from kvlens.lint.problems import file_problem, in_order, too_many_sources
from kvlens.lint.repeats import without_repeats
from kvlens.lint.severities import Severities
from kvlens.lint.suppressions import apply_suppressions, with_severity
from kvlens.lint.wanted import Wanted, is_source_file

if TYPE_CHECKING:
    from kvlens.js.files import SourceFiles
    from kvlens.js.resolution import Workspace


class Found(NamedTuple):
    """What was checked in a project: its configs and seed files, and its sources.

    Another project may have checked one of the sources as well.
    """

    files: list[Checked]
    sources: list[Checked]


def merged(projects: Iterable[Found], *, repeats: bool) -> Iterator[Checked]:
    """Yield the checked files of projects in their order: a source is of the first that has it.

    `repeats`: keep the problems that only repeat another one, as each of them is to be fixed.
    """
    seen: set[str] = set()
    for found in projects:
        yield from found.files
        fresh = {os.path.abspath(each.path): each for each in found.sources}  # noqa: PTH100
        own = [each for name, each in fresh.items() if name not in seen]
        yield from own if repeats else without_repeats(own, found.files)
        seen.update(fresh)


def check_project(
    wanted: Wanted,
    severities: Severities,
    *,
    with_sources: bool,
    fixable: bool = False,
    texts: Mapping[Path, str] | None = None,
) -> Found:
    """Check the files of one project; without the parser, only its configs and seed files.

    `texts` are used instead of what is on disk. With `fixable`, sources stay parsed.
    """
    texts = texts or {}
    found: list[Checked] = []
    read: dict[Path, Config] = {}
    for path in wanted.files:
        checked, config = check_file(
            path, severities, texts.get(path), found=path in wanted.discovered
        )
        found.append(checked)
        if config is not None:
            read[absolute(path)] = config
    if not with_sources:
        return Found(found, [])
    sources, unused = _check_sources(wanted, read, severities, texts, fixable)
    files = [
        replace(checked, problems=in_order([*checked.problems, *more]))
        if (more := unused.get(absolute(checked.path)))
        else checked
        for checked in found
    ]
    return Found(files, sources)


def _check_sources(
    wanted: Wanted,
    read: Mapping[Path, Config],
    severities: Severities,
    texts: Mapping[Path, str],
    keep: bool,
) -> tuple[list[Checked], dict[Path, list[Problem]]]:
    """Return the checked sources, and by config the problems that they reveal in those checked."""
    counting = {} if wanted.config is None else _counting(wanted, read)
    if not wanted.sources and not counting.keys() & read.keys():
        return [], {}
    from kvlens.js.config_bindings import entries

    started = tuple(
        path for config in counting.values() if config is not None for path in entries(config)
    )
    if not wanted.sources and not _has_sources(wanted, started):
        return [], {}
    from kvlens.js.files import SourceFiles
    from kvlens.js.source_context import (
        SourceContext,
        is_test,
        may_matter,
        other_config_texts,
    )
    from kvlens.lint.check_source import check_source
    from kvlens.lint.check_sources import check_with_sources
    from kvlens.lint.fixable_source import FixableSource

    given = {str(absolute(path)): text for path, text in texts.items() if is_source_file(path)}
    if wanted.config is not None:
        folder = wanted.config.parent
        configs = [config for config in counting.values() if config is not None]
        files = SourceFiles.below(folder, _workspace(wanted, folder), started)
        files.replace(given)
        project = SourceContext(configs, files.types(), other_config_texts(folder), files)
    else:
        folder = wanted.sources[0].parent
        files = SourceFiles.of(map(absolute, wanted.sources), _workspace(wanted, absolute(folder)))
        files.replace(given)
        project = SourceContext((), files.types(), frozenset(), files)
    elsewhere = [path for path in _elsewhere(wanted, files) if not severities.excludes(path)]
    # a source outside the folders of all configs may be of any of their Workers
    shared = replace(project, configs=wanted.plan.configs) if elsewhere else project
    unused: dict[Path, list[Problem]] = {}
    for path, config in counting.items():
        if config is None or path not in read:
            continue
        if files.is_cut:
            found = [too_many_sources(find.MOST_FILES)]
        elif not files.unread:  # unread sources may use any binding
            found = check_with_sources(config, files.texts, files.parsed)
        else:
            continue
        unused[path] = [*apply_suppressions(config, found, severities.of(path))]
    checked = []
    for path in (*wanted.sources, *elsewhere):
        name, levels = os.path.abspath(path), severities.of(path)  # noqa: PTH100
        if not wanted.plan.claims.claim(name, wanted.number):
            continue
        context = shared if path in elsewhere else project
        text, problems, fixable = files.text(name), [], None
        if (unread := files.unread.get(name)) is not None:
            is_written = name in started and path.suffix in (".ts", ".tsx")  # no bundler makes it
            is_passed_over = unread.made and path not in wanted.named and not is_written
            problem = None if is_passed_over else with_severity(file_problem(str(unread)), levels)
            problems = [problem] if problem else []
        elif path not in wanted.named and is_left_over(name, files.texts, started):
            pass
        elif not is_test(name, context.configs) and may_matter(text, context, name):
            found = check_source(files.parsed(name), context)
            problems = [kept for problem in found if (kept := with_severity(problem, levels))]
            may_fix = keep and (path not in elsewhere or _is_below(path, wanted.roots))
            fixable = FixableSource(files.parsed(name), context) if problems and may_fix else None
        shown = text if problems else ""
        checked.append(Checked(path, shown, problems, fixable, is_started=name in started))
    return checked, unused


def _has_sources(wanted: Wanted, started: Iterable[str]) -> bool:
    """Return whether there are sources in a config's folder, or those that a Worker starts."""
    assert wanted.config is not None
    return any(lookups.kind(path) == "file" for path in started) or any(
        True for _ in find.source_files(wanted.config.parent)
    )


def _workspace(wanted: Wanted, folder: Path) -> Workspace:
    """Return the workspace in which imports are followed, or the folder to check around it."""
    here = absolute(folder)
    around = [root for root in map(absolute, wanted.roots) if here.is_relative_to(root)]
    from kvlens.js.resolution import workspace_root

    root = min((workspace_root(here), *around), key=lambda path: len(path.parts))
    return wanted.plan.workspace(root)


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(absolute(folder)) for folder in folders)


def _elsewhere(wanted: Wanted, files: SourceFiles) -> list[Path]:
    """Return the sources outside the config's folder that its Worker imports."""
    if not wanted.roots or wanted.config is None:
        return []
    from kvlens.js.files import outside

    paths = map(Path, outside(absolute(wanted.config.parent), files.texts))
    owner = wanted.plan.owner
    return [path for path in paths if owner(os.fspath(path.parent)) in (None, wanted.config)]


def _counting(wanted: Wanted, read: Mapping[Path, Config]) -> dict[Path, Config | None]:
    """Return the configs in a project's folder that count for its sources; None for unreadable."""
    assert wanted.config is not None
    load = wanted.plan.load
    return {path: read.get(path) or load(path) for path in configs_in(wanted.config.parent)}

"""What only runs on the developer's machine: nobody deploys it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from kvlens import files, lookups
from kvlens.config.find import CONFIG_NAMES
from kvlens.config.model import Config, Environment
from kvlens.config.references import LARGEST, scripts_of
from kvlens.memo import memo

_NAME = re.compile(r"(?:local(?:host)?|e2e|tests?|vitest|ci)\Z", re.IGNORECASE)
_DEPLOY = re.compile(r"\bwrangler(?:@\S+)?\s+(?:deploy|publish)\b([^;&|\n]*)")
_DEV = re.compile(r"\bwrangler(?:@\S+)?\s+dev\b")
_DEV_REST = re.compile(rf"{_DEV.pattern}([^;&|\n]*)")
_DEPLOYS = re.compile(r"deploy|\bwrangler(?:@\S+)?\s+(?:publish|versions)\b", re.IGNORECASE)
_NAMES_ENVIRONMENT = re.compile(r"(?:\A|\s)(?:--env|-e)(?:=|\s+)[\"']?[\w$]")  # not `--env=`
_WORKER = re.compile(r"(?:\A|[-_])local\Z", re.IGNORECASE)
_WRANGLER = re.compile(r"\bwrangler\b|deploy", re.IGNORECASE)
_VITE_PLUGIN = '"@cloudflare/vite-plugin"'
_DEPLOYED = ("main", "assets", "site", "pages_build_output_dir")
_CONFIGS = re.compile(r"(?:\A|\s)(?:--config|-c)(?:=|\s+)[\"']?(?:[^\s\"']*/)?([^\s\"'/]+)")


def is_only_developed(config: Config) -> bool:
    """Return whether the scripts of the nearest package.json run a Worker, but never deploy it."""
    return any(_DEV.search(script) for script in _scripts(config)) and not any(
        _DEPLOYS.search(script) for script in _scripts(config)
    )


def is_dev_of_environments(config: Config) -> bool:
    """Return whether every `wrangler dev` in the nearest package.json's scripts has `--env`."""
    rests = [found[1] for script in _scripts(config) for found in _DEV_REST.finditer(script)]
    return bool(rests) and all(_NAMES_ENVIRONMENT.search(rest) for rest in rests)


def is_another_deployed(config: Config) -> bool:
    """Return whether a script of the nearest package.json deploys a config by another name."""
    name = os.path.basename(config.path)  # noqa: PTH119 - as in the scripts
    return any(
        named and name not in named
        for script in _scripts(config)
        for found in _DEPLOY.finditer(script)
        for named in (_CONFIGS.findall(found[1]),)
    )


def has_nothing_to_deploy(config: Config) -> bool:
    """Return whether a config is only for local bindings: no Worker, no files, no output folder.

    The package.json next to it runs a framework, which reads the bindings, and never wrangler.
    """
    package = Path(config.path).parent / "package.json"
    return (
        not any(config.root.get(name) for name in _DEPLOYED)
        and package.is_absolute()
        and lookups.kind(package) == "file"
        and not any(_WRANGLER.search(script) for script in _scripts(config))
    )


def is_run_by_vite(config: Config) -> bool:
    """Return whether the package.json next to a config runs a Worker with the Vite plugin only."""
    package = Path(config.path).parent / "package.json"
    return (
        package.is_absolute()
        and _VITE_PLUGIN in files.text_or_empty(package, LARGEST)
        and not any(_DEV.search(script) for script in _scripts(config))
    )


def is_named_in_dev(config: Config) -> bool:
    """Return whether the scripts run a config by its name, and none of all deploys it.

    `wrangler dev --config wrangler.dev.toml`; `wrangler deploy` takes one by a usual name.
    """
    name = os.path.basename(config.path)  # noqa: PTH119 - as in the scripts
    if name in CONFIG_NAMES:
        return False
    scripts = _scripts(config)
    dev = [found[1] for script in scripts for found in _DEV_REST.finditer(script)]
    deploy = [script for script in scripts if _DEPLOYS.search(_DEV_REST.sub("", script))]
    return any(name in _CONFIGS.findall(rest) for rest in dev) and not any(
        name in script for script in deploy
    )


def is_local_environment(config: Config, environment: Environment) -> bool:
    """Return whether an environment is local by its name, or if every deploy names another one.

    The latter is about the top level, by the scripts of the nearest package.json.
    """
    if environment.name is not None:
        return bool(_NAME.match(environment.name))
    return _is_top_local(config)


def is_local_worker(environment: Environment) -> bool:
    """Return whether the name of an environment's Worker says it: `name = "shop-local"`."""
    return any(
        definition.node is not None and _WORKER.search(str(definition.node.value)) is not None
        for definition in environment.table.get("name")
    )


@memo
def _is_top_local(config: Config) -> bool:
    rests = [found[1] for script in _scripts(config) for found in _DEPLOY.finditer(script)]
    kept = [rest for rest in rests if "--dry-run" not in rest]
    return bool(kept) and all(_NAMES_ENVIRONMENT.search(rest) for rest in kept)


def _scripts(config: Config) -> list[str]:
    path = Path(config.path)
    if not path.is_absolute():
        return []
    return lookups.nearest(("scripts",), str(path.parent), _scripts_in) or []


def _scripts_in(folder: str) -> list[str] | None:
    package = os.path.join(folder, "package.json")  # noqa: PTH118 - for every folder above
    if lookups.kind(package) != "file":
        return None
    try:
        return scripts_of(files.read_text(Path(package), LARGEST, errors="replace"))
    except OSError:
        return None

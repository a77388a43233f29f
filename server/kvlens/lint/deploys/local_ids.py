"""Recognize ids that only name local data: the namespace has a real one where it is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kvlens.config.find import ConfigError, configs_in, read_config
from kvlens.config.model import Config, Entry, Environment
from kvlens.config.reader import load_text
from kvlens.lint.bindings_by_env import bindings_by_env
from kvlens.lint.deploys.filled_in import names_script
from kvlens.lint.ids import is_placeholder, is_real
from kvlens.memo import memo


def is_local(config: Config, environment: Environment, entry: Entry) -> bool:
    """Return whether an id stands for local data.

    Another environment has real ids, while this one has none; or another config of the folder, such
    as wrangler.production.jsonc, has a real one for the same binding. At the top level, it is also
    one if an environment has a placeholder for the same binding, which is reported there, or what
    a script fills in.
    """
    environments, real = bindings_by_env(config), _with_real_ids(config)
    here = next((at for at, env in enumerate(environments) if env.environment is environment), 0)
    if real[here]:
        return False
    binding = entry.text_of("binding")
    if any(real) or binding in _real_elsewhere(config):
        return True
    return environment.name is None and any(
        is_placeholder(value) or names_script(config, value)
        for env in environments[1:]
        if (at := env.by_binding.get(binding)) is not None and (value := env.ids[at])
    )


@memo
def _with_real_ids(config: Config) -> tuple[bool, ...]:
    """Return which of the environments have a real id."""
    return tuple(any(map(is_real, env.ids)) for env in bindings_by_env(config))


@memo
def _real_elsewhere(config: Config) -> frozenset[str | None]:
    """Return the bindings that have a real id in another config of the folder."""
    return frozenset(
        binding
        for other in _others(Path(config.path))
        for env in bindings_by_env(other)
        for binding, value in zip(env.bindings, env.ids, strict=True)
        if is_real(value)
    )


def _others(path: Path) -> Iterator[Config]:
    for other in configs_in(path.parent) if path.is_absolute() else ():
        if other != path:
            try:
                yield load_text(read_config(other), str(other))
            except ConfigError:
                continue

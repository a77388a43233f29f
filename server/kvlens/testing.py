"""A pytest plugin with the fixture `kv_emulator`: the project's Worker and its KV namespaces.

    def test_counts(kv_emulator):
        counts = kv_emulator.get_kv_namespace("COUNTS")
        counts.put("count", "1")
        assert kv_emulator.dispatch_fetch("http://localhost:8787/").text == "2"

The Worker is started once for all tests; every test begins with empty namespaces, in memory.
pytest loads this plugin automatically if KV Lens is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kvlens.sync import Emulator

_CONFIG, _ENVIRONMENT, _COMPAT = "kv_emulator_config", "kv_emulator_env", "kv_emulator_compat"
_ALLOWED_HOSTS = "kv_emulator_allowed_hosts"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options to pytest's settings."""
    parser.addini(_CONFIG, "the wrangler config of kv_emulator (default: as wrangler finds it)")
    parser.addini(_ENVIRONMENT, "the environment of kv_emulator (default: the top level)")
    parser.addini(_COMPAT, "how kv_emulator answers: strict (default) or workerd")
    about = (
        "Hosts that the port of kv_emulator answers in addition to localhost; .NAME for subdomains "
        "too"
    )
    parser.addini(_ALLOWED_HOSTS, about, type="args")


@pytest.fixture(scope="session")
def kv_emulator_config(pytestconfig: pytest.Config) -> Any:
    """What `kv_emulator` runs: the path of a wrangler config, or arguments of `Emulator`.

    A project can override this fixture (scope session). The default is the ini option
    `kv_emulator_config`, or else the config that wrangler finds from pytest's rootdir.
    """
    from kvlens.config.find import ConfigError
    from kvlens.operations.errors import NotFoundError
    from kvlens.operations.target import project_config

    named = pytestconfig.getini(_CONFIG)
    root = pytestconfig.rootpath
    if named:
        return root / named
    try:
        return project_config(root)
    except NotFoundError as error:
        text = error.text(lambda _: f"{_CONFIG} in pytest's settings")
        raise ConfigError(f"kv_emulator: {text}, or write a fixture {_CONFIG}") from None


@pytest.fixture(scope="session")
def kv_emulator_session(kv_emulator_config: Any, pytestconfig: pytest.Config) -> Iterator[Emulator]:
    """The emulator for `kv_emulator`, started once per session."""
    from kvlens.kv.limits import COMPATS, read_compat
    from kvlens.sync import Emulator

    named = pytestconfig.getini(_COMPAT) or COMPATS[0]
    try:
        options: dict[str, Any] = {"compat": read_compat(named)}
    except ValueError:
        raise pytest.UsageError(
            f"{_COMPAT} is {named!r}; it takes {' or '.join(COMPATS)}"
        ) from None
    options["allowed_hosts"] = pytestconfig.getini(_ALLOWED_HOSTS)
    if isinstance(kv_emulator_config, (str, Path)):
        options["env"] = pytestconfig.getini(_ENVIRONMENT) or None
        emulator = Emulator.from_config(kv_emulator_config, **options)
    else:
        emulator = Emulator(**{**options, **kv_emulator_config})
    with emulator:
        yield emulator


@pytest.fixture
def kv_emulator(kv_emulator_session: Emulator) -> Emulator:
    """The project's Worker and its KV namespaces, all empty. Calls need no `await`."""
    kv_emulator_session.clear()
    kv_emulator_session.events.clear()
    return kv_emulator_session

"""The Host names that the Worker's port accepts: this machine's, and those that a user allows.

For a browser, a web page whose name was pointed at 127.0.0.1 (DNS rebinding) has the same origin as
the Worker. Its Host header still has the page's name, and no page can change that.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

_HOST = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?)(?::(?P<port>\d{0,5}))?"
)
_NAME = re.compile(r"\.?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def host_name(host: str) -> str | None:
    """Return the name in a Host header, in lower case and without its port; None if invalid.

    >>> host_name("LocalHost:8787"), host_name("[::1]:80"), host_name("a@b"), host_name("a:70000")
    ('localhost', '::1', None, None)
    """
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 0) > 65535:
        return None
    return found["name"].strip("[]").rstrip(".").lower()


def is_loopback(name: str) -> bool:
    """Return whether a name, as `host_name` returns it, is always this machine.

    >>> [is_loopback(name) for name in ("app.localhost", "127.9.9.9", "::1", "127.evil.example")]
    [True, True, True, False]
    """
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def allowed_host(text: str) -> str:
    """Return an entry of a user's list, normalized. Raises ValueError for an invalid one."""
    if not _NAME.fullmatch(text):
        raise ValueError(
            f'"{text}" is not a host name; use one such as app.example, or .example for it and '
            "its subdomains"
        )
    return text.lower()


class AllowedHosts:
    """This machine's names, and the ones that a user allows."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """A name that starts with a dot allows subdomains too. Raises ValueError."""
        self._names = {allowed_host(name) for name in names}

    def __contains__(self, name: str) -> bool:
        if is_loopback(name) or name in self._names:
            return True
        parts = name.split(".")
        return any("." + ".".join(parts[start:]) in self._names for start in range(len(parts)))

"""Explain errors of a Redis server and its client, and what to do about them."""

from __future__ import annotations

from redis import exceptions


def explain(error: Exception, place: str, secret: str) -> str:
    """Return one line that names `place` and what to do, and never the password."""
    text = " ".join(str(error).split()) or type(error).__name__
    if secret:
        text = text.replace(secret, "…")
    return f"{place} {_describe(error, text)}"


def _describe(error: Exception, text: str) -> str:
    for kind, marks, words in _KNOWN:
        if isinstance(error, kind) and (not marks or any(mark in text for mark in marks)):
            return words.format(text=text.rstrip("."))
    return f"refused the command: {text}"


_ANY = (exceptions.RedisError, exceptions.RedisClusterException, OSError)

_KNOWN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], tuple[str, ...], str], ...] = (
    # kind of error, texts it may contain (none: any), message
    (
        exceptions.NoPermissionError,
        (),
        "doesn't allow this user to do that ({text}). Allow it with: ACL SETUSER NAME ~kvlens:* "
        "+@all",
    ),
    (
        _ANY,
        ("WRONGPASS", "invalid username-password", "without any pass"),
        "refuses the login ({text}). Put USER:PASSWORD@ into the store's URL, or set "
        "KVLENS_REDIS_USERNAME and KVLENS_REDIS_PASSWORD.",
    ),
    (
        _ANY,
        ("NOAUTH", "Authentication required", "already authenticated"),
        "requires a login. Put USER:PASSWORD@ into the store's URL, or set "
        "KVLENS_REDIS_USERNAME and KVLENS_REDIS_PASSWORD.",
    ),
    (
        exceptions.AuthenticationError,
        (),
        "refuses the login ({text}). Check the user name and the password.",
    ),
    (
        _ANY,
        ("READONLY", "read only replica"),
        "is a read-only replica. Write the address of its primary into the store's URL.",
    ),
    (
        _ANY,
        ("OOM", "used memory >"),
        "is out of memory; nothing was changed. Raise its maxmemory or delete keys.",
    ),
    (
        _ANY,
        ("LOADING", "loading the dataset"),
        "is still loading its data. Try again in a moment.",
    ),
    (
        _ANY,
        ("MISCONF", "NOREPLICAS"),
        "accepts no writes now ({text}). Check its log and its disk.",
    ),
    (
        _ANY,
        ("BUSY", "is busy running a script"),
        "is busy with another program's script. Try again in a moment.",
    ),
    (
        _ANY,
        ("CLUSTERDOWN", "cluster is down", "Hash slot not served", "not all slots are covered",
         "All slots are not covered"),
        "is a cluster that's down or incomplete ({text}). Run CLUSTER INFO on its nodes.",
    ),
    (
        _ANY,
        ("non local key", "TRYAGAIN"),
        "is moving the namespace to another node. Try again in a moment.",
    ),
    (
        exceptions.MovedError,
        (),
        "is a node of a cluster. Write redis+cluster:// in the store's URL.",
    ),
    (
        _ANY,
        ("Cluster mode is not enabled", "cluster support disabled"),
        "is not a cluster. Write redis:// in the store's URL.",
    ),
    (
        (exceptions.TimeoutError, TimeoutError),
        (),
        "didn't answer in time ({text}). Check that it runs, can be reached from here, and "
        "uses redis:// (plain) or rediss:// (TLS) as in the store's URL; ?socket_timeout=SECONDS "
        "there gives it longer.",
    ),
    (
        _ANY,
        ("CERTIFICATE", "SSL", "certificate"),
        "can't be reached over TLS ({text}). Set its certificate authority with "
        "?ssl_ca_certs=FILE, or write redis:// if the server has no TLS.",
    ),
    (
        (exceptions.ConnectionError, exceptions.RedisClusterException, OSError),
        (),
        "can't be reached ({text}). Check that Redis or Valkey runs there, and check the host and "
        "port in the store's URL.",
    ),
)  # fmt: skip

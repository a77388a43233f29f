"""Validate the arguments of KV calls, with the exact texts of the runtimes.

Every function takes the caller's value and either returns the value to use or raises a `KVError`.
The behavior is that of the current workerd. With `compat` "strict", the seven rules of Miniflare
2's page on KV apply too, with that runtime's text and `STRICT_NOTE`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from kvlens.kv import limits
from kvlens.kv.coerce import MISSING, UNSET, has_lone_surrogate, js_text, to_integer, whole_text
from kvlens.kv.errors import KVError, KVTypeError, Method
from kvlens.kv.limits import Compat

METHODS: dict[str, Method] = {
    "get": "GET",
    "getWithMetadata": "GET",
    "put": "PUT",
    "delete": "DELETE",
}
_KEY_KINDS = {"get": "string or Array", "getWithMetadata": "Array or string"}  # as in workerd
VALUE_TYPES = ("text", "json", "arrayBuffer", "stream")
STRICT_NOTE = ' (KV Lens strict mode; to allow this, set kvlens.compat or --compat to "workerd")'

_OUT_OF_RANGE = "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."
_PUT_TYPES = (
    "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values."
)
_GET_TYPES = (
    'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".'
)


def key_name(function: str, key: object = MISSING) -> str:
    """Return the key for `function` (get, getWithMetadata, put, delete).

    Raises KVTypeError for an empty, reserved or missing key, KVError 414 above 512 bytes, and
    KVError 400 for one without a UTF-8 form.
    """
    return decodable_key(function, runtime_key(function, key))


def decodable_key(function: str, key: str) -> str:
    """Return the key; KVError 400 if it has no UTF-8 form, which only the service rejects."""
    if has_lone_surrogate(key):
        raise KVError("Could not URL-decode key name", method=METHODS[function], status=400)
    return key


def runtime_key(function: str, key: object) -> str:
    """Return the key as text, after the runtime's own checks, which precede the service's."""
    if key is MISSING:
        raise _wrong_kind(function, 1, _KEY_KINDS.get(function, "string"))
    key = js_text(key)
    if key == "":
        raise KVTypeError("Key name cannot be empty.")
    if key in (".", ".."):
        raise KVTypeError(f'"{key}" is not allowed as a key name.')
    check_key_size(METHODS[function], key)
    return key


def check_defined(function: str, key: object, compat: Compat) -> None:
    """Raise KVTypeError in strict mode for an undefined key, also in a list."""
    several = isinstance(key, (list, tuple)) and METHODS[function] == "GET"
    if compat == "strict" and (key is UNSET or (several and UNSET in key)):  # type: ignore[operator]
        raise _wrong_kind(function, 1, "string", STRICT_NOTE)


def refuse_missing_value() -> KVTypeError:
    """Return the error for a put without a value."""
    return _wrong_kind("put", 2, "string or Object")


def _wrong_kind(function: str, number: int, kind: str, note: str = "") -> KVTypeError:
    return KVTypeError(
        f"Failed to execute '{function}' on 'KvNamespace': "
        f"parameter {number} is not of type '{kind}'.{note}"
    )


def raw_key(method: Method, key: str) -> str:
    """Check a key that came over HTTP, with the texts of the storage service."""
    if key == "":
        raise KVError("Key names must not be empty", method=method, status=400)
    if key in (".", ".."):
        raise KVError(
            f'Illegal key name "{key}". Please use a different name.', method=method, status=400
        )
    check_key_size(method, key)
    return key


def check_key_size(method: Method, key: str) -> None:
    """Raise KVError 414 if the key has more than 512 bytes of UTF-8."""
    if len(key) * 4 <= limits.MAX_KEY_SIZE:  # the common case, nothing to encode
        return
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > limits.MAX_KEY_SIZE:
        raise KVError(
            f"UTF-8 encoded length of {size} exceeds key length limit of {limits.MAX_KEY_SIZE}.",
            method=method,
            status=414,
        )


def value_type(kind: object) -> str:
    """Return the type to read a value as; KVTypeError for an unknown type."""
    if kind is UNSET or kind is None:
        return "text"
    if kind not in VALUE_TYPES:
        raise KVTypeError(_GET_TYPES)
    return str(kind)


def refuse_value() -> KVTypeError:
    """Return the error for a value that is neither text nor bytes nor a stream."""
    return KVTypeError(_PUT_TYPES)


def whole_number(value: object) -> int | None:
    """Convert a numeric option like the runtime; None if it is omitted.

    NaN is 0. Raises KVTypeError outside 32 bits.
    """
    if value is UNSET:
        return None
    number = to_integer(value)
    if not limits.INT32_MIN <= number <= limits.INT32_MAX:
        raise KVTypeError(_OUT_OF_RANGE)
    return number


def check_cache_ttl(method: Method, cache_ttl: object, compat: Compat) -> None:
    """Raise KVError 400 if `cache_ttl` is below the minimum (seconds)."""
    number = whole_number(cache_ttl)
    if number is None:
        return
    least, note = limits.MIN_CACHE_TTL, ""
    if compat == "strict" and number >= least:
        least, note = limits.STRICT_MIN_CACHE_TTL, STRICT_NOTE
    if number < least:
        raise KVError(
            f"Invalid cache_ttl of {number}. Cache TTL must be at least {least}.{note}",
            method=method,
            status=400,
        )


def expiration_time(expiration: object, expiration_ttl: object, now: float) -> int | None:
    """Return when a key put with these options expires, in seconds since the epoch, or None.

    `expiration_ttl` takes precedence if both are given. `now` is in seconds. Raises KVError 400 for
    times that are too soon and KVTypeError outside 32 bits.
    """
    seconds = math.floor(now)
    absolute, lasts = whole_number(expiration), whole_number(expiration_ttl)
    if lasts is not None:
        if lasts <= 0:
            raise _put_error(
                f"Invalid expiration_ttl of {lasts}. Please specify integer greater than 0."
            )
        if lasts < limits.MIN_EXPIRATION_TTL:
            raise _put_error(
                f"Invalid expiration_ttl of {lasts}. "
                f"Expiration TTL must be at least {limits.MIN_EXPIRATION_TTL}."
            )
        return seconds + lasts
    if absolute is None:
        return None
    if absolute <= seconds:
        raise _put_error(
            f"Invalid expiration of {absolute}. Please specify integer greater than the current "
            "number of seconds since the UNIX epoch."
        )
    if absolute < seconds + limits.MIN_EXPIRATION_TTL:
        raise _put_error(
            f"Invalid expiration of {absolute}. Expiration times must be at least "
            f"{limits.MIN_EXPIRATION_TTL} seconds in the future."
        )
    return absolute


def check_value_size(size: int) -> None:
    """Raise KVError 413 for a value above 25 MiB."""
    if size > limits.MAX_VALUE_SIZE:
        raise _put_error(
            f"Value length of {size} exceeds limit of {limits.MAX_VALUE_SIZE}.", status=413
        )


def check_metadata_size(metadata: str | None) -> None:
    """Raise KVError 413 if the metadata's JSON text has more than 1024 bytes."""
    if metadata is None or len(metadata) * 4 <= limits.MAX_METADATA_SIZE:
        return
    size = len(metadata.encode("utf-8", "surrogatepass"))
    if size > limits.MAX_METADATA_SIZE:
        raise _put_error(
            f"Metadata length of {size} exceeds limit of {limits.MAX_METADATA_SIZE}.", status=413
        )


def _put_error(reason: str, status: int = 400) -> KVError:
    return KVError(reason, method="PUT", status=status)


def list_limit(limit: object, compat: Compat) -> int:
    """Return the number of keys per page; KVError 400 above 1000, and below 1 in strict mode."""
    number = whole_number(limit)
    if number is None or (number <= 0 and compat == "workerd"):
        return limits.MAX_LIST_KEYS  # the runtime reads 0 and less as "no limit"
    if number <= 0:
        raise _list_error(limit, "greater than 0", STRICT_NOTE)
    if number > limits.MAX_LIST_KEYS:
        raise _list_error(number, f"less than {limits.MAX_LIST_KEYS}")
    return number


def _list_error(shown: object, wanted: str, note: str = "") -> KVError:
    return KVError(
        f"Invalid key_count_limit of {js_text(shown)}. Please specify an integer {wanted}.{note}",
        method="GET",
        status=400,
    )


def list_prefix(prefix: object) -> str:
    """Return the prefix of a list; KVError 414 above 512 bytes."""
    if prefix is UNSET or prefix is None:
        return ""
    text = whole_text(js_text(prefix))
    check_key_size("GET", text)
    return text


def bulk_keys(keys: Sequence[Any], cache_ttl: object, compat: Compat) -> Iterator[str]:
    """Yield the keys of a bulk get, checking each in turn, like the runtime.

    Raises KVError 400 immediately unless there are 1 to 100.
    """
    if len(keys) > limits.MAX_BULK_KEYS:
        raise _bulk_error(f"You can request a maximum of {limits.MAX_BULK_KEYS} keys")
    if len(keys) < 1:
        raise _bulk_error("You must request a minimum of 1 key")

    def checked() -> Iterator[str]:
        for key in keys:
            name = raw_key("GET_BULK", whole_text(js_text(key)))
            check_cache_ttl("GET_BULK", cache_ttl, "workerd")
            yield name
        check_cache_ttl("GET_BULK", cache_ttl, compat)  # the runtime's own refusals come first

    return checked()


def bulk_type(kind: object) -> str:
    """Return the type of a bulk get: text (default) or json; KVError 400 for another."""
    if kind is UNSET or kind is None or kind == "":
        return "text"
    if kind not in ("text", "json"):
        raise _bulk_error(f'"{js_text(kind)}" is not a valid type. Use "json" or "text"')
    return str(kind)


def check_bulk_size(size: int, most: int = limits.MAX_BULK_SIZE) -> None:
    """Raise KVError 413 if all values of a bulk get together exceed 25 MiB."""
    if size > most:
        megabytes = js_text(most / 1024 / 1024)
        raise _bulk_error(f"Total size of request exceeds the limit of {megabytes}MB", status=413)


def refuse_bulk_json() -> KVError:
    """Return the error for a bulk get as json with a value that isn't JSON."""
    return _bulk_error("At least one of the requested keys corresponds to a non-json value")


def _bulk_error(reason: str, status: int = 400) -> KVError:
    return KVError(reason, method="GET_BULK", status=status)

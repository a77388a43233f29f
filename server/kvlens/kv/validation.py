"""What may be put, got and listed, with the exact texts of the runtimes.

Every function takes the value as the caller gave it and either returns what is used or raises
a `KVError`. `compat` says whose answer it is where Miniflare 2 and workerd differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from . import limits
from .coerce import (
    UNSET,
    has_lone_surrogate,
    js_text,
    parse_int,
    round_half_up,
    to_integer,
    to_number,
    whole_text,
)
from .errors import KVError, KVTypeError, Method
from .limits import Compat

METHODS: dict[str, Method] = {
    "get": "GET",
    "getWithMetadata": "GET",
    "put": "PUT",
    "delete": "DELETE",
}
_KEY_KINDS = {"get": "string or Array", "getWithMetadata": "Array or string"}  # as workerd has it
VALUE_TYPES = ("text", "json", "arrayBuffer", "stream")

_OUT_OF_RANGE = "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."
_PUT_TYPES = (
    "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values."
)
_GET_TYPES = (
    'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".'
)


def key_name(function: str, key: object, compat: Compat) -> str:
    """Return the key that `function` (get, getWithMetadata, put, delete) works on.

    Raises KVTypeError for an empty, reserved or missing key and KVError 414 above 512 bytes.
    """
    method = METHODS[function]
    if not isinstance(key, str):
        if key is UNSET or compat == "miniflare2":
            kind = _KEY_KINDS.get(function, "string") if compat == "workerd" else "string"
            raise KVTypeError(
                f"Failed to execute '{function}' on 'KvNamespace': "
                f"parameter 1 is not of type '{kind}'."
            )
        key = js_text(key)
    if key == "":
        raise KVTypeError("Key name cannot be empty.")
    if key in (".", ".."):
        raise KVTypeError(f'"{key}" is not allowed as a key name.')
    if has_lone_surrogate(key):
        if compat == "workerd":
            raise KVError("Could not URL-decode key name", method=method, status=400)
        key = whole_text(key)
    check_key_size(method, key)
    return key


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
    """Raise KVError 414 where the key has more than 512 bytes of UTF-8."""
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
    """Return the type a value is asked as; KVTypeError where there is no such type."""
    if kind is UNSET or kind is None:
        return "text"
    if kind not in VALUE_TYPES:
        raise KVTypeError(_GET_TYPES)
    return str(kind)


def refuse_value() -> KVTypeError:
    """Return the error for a value that is neither text nor bytes nor a stream."""
    return KVTypeError(_PUT_TYPES)


def check_cache_ttl(method: Method, cache_ttl: object, compat: Compat) -> None:
    """Raise KVError 400 where `cache_ttl` is below the minimum (seconds)."""
    if cache_ttl is UNSET:
        return
    least = limits.MIN_CACHE_TTL[compat]
    if compat == "miniflare2":
        if not cache_ttl or cache_ttl != cache_ttl:  # falsy there, NaN included
            return
        number = to_number(cache_ttl)
    else:
        number = to_integer(cache_ttl)
        cache_ttl = number
    if math.isnan(number) or number < least:
        raise KVError(
            f"Invalid cache_ttl of {js_text(cache_ttl)}. Cache TTL must be at least {least}.",
            method=method,
            status=400,
        )


def expiration_time(
    expiration: object, expiration_ttl: object, now: float, compat: Compat
) -> int | None:
    """Return when a key put with these options expires, in seconds since the epoch, or None.

    `expiration_ttl` wins where both are given. `now` is in seconds.
    Raises KVError 400 for times that are too soon and KVTypeError outside 32 bits.
    """
    seconds = math.floor(now)
    number, shown = _option(expiration_ttl, compat)
    absolute, absolute_shown = _option(expiration, compat)
    if number is not None:
        if math.isnan(number) or number <= 0:
            raise _put_error(
                f"Invalid expiration_ttl of {shown}. Please specify integer greater than 0."
            )
        if number < limits.MIN_EXPIRATION_TTL:
            raise _put_error(
                f"Invalid expiration_ttl of {shown}. "
                f"Expiration TTL must be at least {limits.MIN_EXPIRATION_TTL}."
            )
        return seconds + int(number)
    number, shown = absolute, absolute_shown
    if number is None:
        return None
    if math.isnan(number) or number <= seconds:
        raise _put_error(
            f"Invalid expiration of {shown}. Please specify integer greater than the current "
            "number of seconds since the UNIX epoch."
        )
    if number < seconds + limits.MIN_EXPIRATION_TTL:
        raise _put_error(
            f"Invalid expiration of {shown}. Expiration times must be at least "
            f"{limits.MIN_EXPIRATION_TTL} seconds in the future."
        )
    return int(number)


def _option(value: object, compat: Compat) -> tuple[float | None, str]:
    """Return a time option as a number (None: not given) and as its error text shows it."""
    if value is UNSET:
        return None, ""
    number: float
    if compat == "miniflare2":
        if isinstance(value, str):
            number = parse_int(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            number = round_half_up(value)
        else:
            return None, ""
        shown = js_text(value)
    else:
        number = to_integer(value)
        shown = js_text(number)
    if number < limits.INT32_MIN or number > limits.INT32_MAX:
        raise KVTypeError(_OUT_OF_RANGE)
    return number, shown


def check_value_size(size: int) -> None:
    """Raise KVError 413 for a value above 25 MiB."""
    if size > limits.MAX_VALUE_SIZE:
        raise _put_error(
            f"Value length of {size} exceeds limit of {limits.MAX_VALUE_SIZE}.", status=413
        )


def check_metadata_size(metadata: str | None) -> None:
    """Raise KVError 413 where the metadata's JSON text has more than 1024 bytes."""
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
    """Return how many keys a page holds; KVError 400 outside 1 to 1000."""
    if limit is UNSET:
        return limits.MAX_LIST_KEYS
    number: float
    if compat == "miniflare2":
        number = to_number(limit)
        if math.isnan(number) or number < 1:
            raise KVError(
                f"Invalid key_count_limit of {js_text(limit)}. "
                "Please specify an integer greater than 0.",
                method="GET",
                status=400,
            )
    else:
        number = to_integer(limit)
        if number <= 0:  # the runtime reads this as "no limit" and sends none
            return limits.MAX_LIST_KEYS
    if number > limits.MAX_LIST_KEYS:
        raise KVError(
            f"Invalid key_count_limit of {js_text(limit)}. "
            f"Please specify an integer less than {limits.MAX_LIST_KEYS}.",
            method="GET",
            status=400,
        )
    return math.ceil(number)


def list_prefix(prefix: object, compat: Compat) -> str:
    """Return the prefix of a list; KVError 414 above 512 bytes with workerd's answers."""
    if prefix is UNSET or prefix is None:
        return ""
    text = whole_text(js_text(prefix))
    if compat == "workerd":
        check_key_size("GET", text)
    return text


def bulk_keys(keys: Sequence[Any], cache_ttl: object, compat: Compat) -> Iterator[str]:
    """Yield the keys of a bulk get, each checked when it is its turn, as the runtime does.

    Raises KVError 400 at once unless there are 1 to 100.
    """
    if len(keys) > limits.MAX_BULK_KEYS:
        raise _bulk_error(f"You can request a maximum of {limits.MAX_BULK_KEYS} keys")
    if len(keys) < 1:
        raise _bulk_error("You must request a minimum of 1 key")

    def checked() -> Iterator[str]:
        for key in keys:
            name = raw_key("GET_BULK", whole_text(js_text(key)))
            check_cache_ttl("GET_BULK", cache_ttl, compat)
            yield name

    return checked()


def bulk_type(kind: object) -> str:
    """Return the type of a bulk get: text (default) or json; KVError 400 for another."""
    if kind is UNSET or kind is None or kind == "":
        return "text"
    if kind not in ("text", "json"):
        raise _bulk_error(f'"{js_text(kind)}" is not a valid type. Use "json" or "text"')
    return str(kind)


def check_bulk_size(size: int, most: int = limits.MAX_BULK_SIZE) -> None:
    """Raise KVError 413 where all values of a bulk get together are above 25 MiB."""
    if size > most:
        megabytes = js_text(most / 1024 / 1024)
        raise _bulk_error(f"Total size of request exceeds the limit of {megabytes}MB", status=413)


def refuse_bulk_json() -> KVError:
    """Return the error for a bulk get as json that meets a value which is not JSON."""
    return _bulk_error("At least one of the requested keys corresponds to a non-json value")


def _bulk_error(reason: str, status: int = 400) -> KVError:
    return KVError(reason, method="GET_BULK", status=status)

"""What the runtime's own functions and classes return, for the evaluation of constants."""

from __future__ import annotations

import re
from typing import Literal

CLASSES = {
    "Map", "Set", "WeakMap", "WeakSet", "Date", "Error", "RegExp", "Object", "Array", "URL",
    "URLSearchParams", "FormData", "Headers", "Request", "Response", "Blob", "File", "Promise",
}  # fmt: skip
"""Platform classes that are neither bytes nor a stream."""

BODIES = ("Request", "Response", "Blob", "File")
"""Classes whose content is read with `text()`, `json()` and the like."""

READS: dict[str, Literal["text", "parsed", "object", "unknown", "FormData", "Blob"]] = {
    "text": "text",
    "json": "parsed",
    "arrayBuffer": "unknown",
    "bytes": "unknown",
    "formData": "FormData",
    "blob": "Blob",
    "parseBody": "object",  # of Hono
}
"""Methods that promise a body's content, and its kind or class."""

MEMBERS = {
    ("Request", "headers"): "Headers",
    ("Request", "cf"): "Object",
    ("Response", "headers"): "Headers",
    ("URL", "searchParams"): "URLSearchParams",
}
"""Members of the platform's objects that are objects of one of its classes."""

EVENT_HANDLERS = {
    *("loader", "action", "load"),  # React Router and Remix, SvelteKit
    *("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ALL", "fallback"),
}
"""Functions of a module that a framework calls with an object that has the request in it."""

REQUEST_NAMES = ("request", "req", "_request", "_req")
LIST_NAME = re.compile(r"(?:keys|names|list|items|entries)\Z", re.IGNORECASE)
"""How arrays are called whose origin isn't known; `bytes.map()` isn't an array."""

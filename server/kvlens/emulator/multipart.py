"""Parse multipart/form-data bodies, in which Cloudflare's clients send values."""

from __future__ import annotations

import re

from kvlens.errors import RequestError

_BOUNDARY = re.compile(rb'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)


class MultipartError(RequestError, ValueError):
    """The body doesn't match its Content-Type."""


def parse(content_type: bytes, body: bytes) -> dict[str, bytes]:
    """Return the parts by name; the last of several with the same name counts.

    Raises MultipartError if the boundary is missing or the body ends early.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise MultipartError("the Content-Type names no boundary")
    mark = b"--" + (found[1] or found[2])
    parts: dict[str, bytes] = {}
    position = 0 if body.startswith(mark) else body.find(b"\r\n" + mark) + 2
    if not body.startswith(mark, position):
        raise MultipartError("the body does not begin with its boundary")
    while True:
        position += len(mark)
        if body.startswith(b"--", position):
            return parts
        head = body.find(b"\r\n", position) + 2
        end = body.find(b"\r\n" + mark, head - 2)
        rest = body.find(b"\r\n\r\n", head - 2)
        if head < 2 or end < 0 or rest < 0 or rest > end:
            raise MultipartError("the body ends inside a part")
        name = _NAME.search(body[head:rest])
        if name is None:
            raise MultipartError("a part has no name")
        parts[(name[1] or name[2] or b"").decode("utf-8", "replace")] = body[rest + 4 : end]
        position = end + 2

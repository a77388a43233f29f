"""Decide which requests are allowed. Web pages in the user's browser must not reach the emulator.

- Every request carries this run's token, which no page knows.
- Host must be the emulator's: a page whose name resolves to 127.0.0.1 (DNS rebinding) sends its
  own.
- Browsers add Origin or Sec-Fetch-Site to a page's requests; such requests and all preflights
  are refused.
"""

from __future__ import annotations

import hmac

from kvlens.emulator.http import Request, Response

BINDING_HEADER = b"x-kv-ns"
"""Names the namespace of a binding request; workerd injects it."""

_BINDING_HOST = b"fake-host"  # what workerd sends to a KV binding


def text(status: int, message: str) -> Response:
    """Return a plain-text response. The message is also the reason phrase, which Workers see."""
    line, _, _ = message.partition("\n")
    headers = b"Content-Type: text/plain; charset=utf-8\r\n"
    return Response(status, f"{message}\n".encode(), headers, line)


class Authorizer:
    """Decides from a request's headers whether it is allowed."""

    def __init__(self, token: str) -> None:
        self.hosts: frozenset[bytes] = frozenset()
        self._bearer = f"Bearer {token}".encode()

    def serve_at(self, port: int) -> None:
        """Set the port that Host headers must name."""
        names = ("127.0.0.1", "localhost", "[::1]")
        self.hosts = frozenset(f"{name}:{port}".encode() for name in names)

    def refusal(self, request: Request) -> Response | None:
        """Return the response to a request that is refused, or None."""
        headers = request.headers
        host = headers.get(b"host", b"")
        ours = host in self.hosts or host.lower() in self.hosts
        if not ours and (host != _BINDING_HOST or BINDING_HEADER not in headers):
            return text(403, "This Host is not the emulator's: use 127.0.0.1 or localhost")
        if b"origin" in headers or request.method == b"OPTIONS":
            return text(403, "Requests from web pages are refused")
        if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            return text(403, "Requests from web pages are refused")
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._bearer):
            return text(
                401,
                "The KV Lens emulator needs its token: Authorization: Bearer TOKEN\n"
                'The token is in the first line of "kvlens serve --json", and the editor copies '
                'it with the command "KV Lens: Copy Emulator Address".',
            )
        return None

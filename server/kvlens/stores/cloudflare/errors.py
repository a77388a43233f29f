"""Explain errors of Cloudflare's API and its client, and what to do about them."""

from __future__ import annotations

from cloudflare import APIConnectionError, APIError, APIStatusError, APITimeoutError, NotFoundError

TIMEOUT = 60.0  # seconds without a response
NO_NAMESPACE, NO_KEY = 10013, 10009


def raise_unless_missing(error: NotFoundError) -> None:
    """Raise the error unless it means that the key is missing."""
    if NO_KEY not in _codes(error):
        raise error


def explain(error: APIError, account: str, ns: str) -> str:
    """Return what failed and what to do, without a full stop."""
    said = "; ".join(f"{known.message} (code {known.code})" for known in error.errors or ())
    if isinstance(error, APITimeoutError):
        return f"Cloudflare's API at {_host(error)} does not answer in {TIMEOUT:.0f} s. Try again"
    if isinstance(error, APIConnectionError):
        cause = error.__cause__ or error
        why = " ".join(str(cause).split()).rstrip(".") or type(cause).__name__
        return f"Cloudflare's API at {_host(error)} can't be reached: {why}"
    status = error.status_code if isinstance(error, APIStatusError) else 0
    said = said or f"status {status}"
    if status in (401, 403):
        return (
            f"Cloudflare refuses the token for account {account}: {said}. CLOUDFLARE_API_TOKEN "
            "needs the permission Workers KV Storage: Read (Edit to write) there"
        )
    if status == 404 and NO_NAMESPACE in _codes(error):
        return (
            f'Account {account} has no KV namespace with the id "{ns}" (code {NO_NAMESPACE}). '
            "Compare the config's ids with `wrangler kv namespace list`"
        )
    if status == 429:
        return (
            f"Cloudflare's API allows no more requests for now: {said}. Wait some minutes; for "
            "many keys, use one bulk command"
        )
    if status >= 500:
        return f"Cloudflare's API failed: {said}. Try again; see www.cloudflarestatus.com"
    return f"Cloudflare's API refused the request: {said}"


def _codes(error: APIError) -> list[int]:
    return [known.code for known in error.errors or () if known.code is not None]


def _host(error: APIError) -> str:
    return str(error.request.url.host)

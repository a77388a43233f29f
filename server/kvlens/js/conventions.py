"""Names by which code calls `env`, and the places where runtimes and frameworks pass it."""

from __future__ import annotations

import re

HANDLERS = ("fetch", "scheduled", "queue", "email", "tail", "trace", "test")
GLOBAL_OBJECTS = {"globalThis", "self", "global", "window"}
BUILT_IN = {"Reflect", "Atomics", "Object", "caches", "localStorage", "sessionStorage", "navigator"}
"""Globals of the language and of browsers, some of which have methods like those of a namespace."""
NOT_WORKERS = {"process", "Deno", "Bun", "Netlify"}
WORDS = ("env", "_env", "cfEnv", "cloudflareEnv", "workerEnv", "workersEnv", "#env")
ENV_TYPE = re.compile(
    r":?\s*(?:(?:Readonly|Partial|Required)<\s*)?(?:\w+\.)*"
    r"(?!ProcessEnv\b)(?P<name>\w*Env|\w*Bindings|\w*Environment)\b(?:\s*&[^|]*)?>?\s*\Z"
)
_OF_WORKERS = re.compile(r"(?:Cloudflare|C[fF]|Workers?)?(?:Env|Bindings|Environment)\Z")
ENV_CLASSES = {"DurableObject", "WorkerEntrypoint", "WorkflowEntrypoint", "Agent", "McpAgent"}
"""Classes whose constructor gets `(ctx, env)`."""
APPS = {"Hono", "OpenAPIHono"}
CONTEXTS = {"Context"}
CONTEXT_FUNCTIONS = {"MiddlewareHandler", "Handler", "createMiddleware", "createHandlers"}
MEMOISING = {"cache", "once", "memoize", "memoizeOne", "pMemoize", "moize", "mem"}
"""Functions of libraries that return a function like the one that they get, see React's `cache`."""
MAKES_CONTEXT = "createContext"
"""The function of React Router that makes a key of what a context holds."""
SHARED_TYPES = {"Locals": "locals", "Platform": "platform", "AppLoadContext": "context"}
"""Types of what all handlers share: of SvelteKit, Astro and Remix; and its name there."""
ROUTERS = re.compile(r"(?:Router|IttyRouter|AutoRouter)\Z")
_NAME = re.compile(r"_?(?:env|(?:cf|cloudflare|worker|workers)Env)\Z")
_GIVES = re.compile(
    r"(?:get|use|load|resolve|require|read|current)\w*(?:Env|Bindings|Environment)\Z"
)


def is_env_type(name: str) -> bool:
    """Return whether a type of this name is that of `env`: `Env`, `CloudflareBindings`.

    Others, such as `TestEnv` and `BuildEnv`, may be anything; see `ENV_TYPE`.
    """
    return bool(_OF_WORKERS.match(name))


def is_env_property(name: str) -> bool:
    """Return whether a property of this name is `env`, unless its object says otherwise."""
    return bool(_NAME.match(name))


is_env_name = is_env_property


def gives_env(function: str) -> bool:
    """Return whether a function of this name probably returns `env`: `getEnv`, `useBindings`."""
    return bool(_GIVES.match(function))

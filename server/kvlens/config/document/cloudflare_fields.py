"""How wrangler.json and cloudflare.config.ts name the same things.

Source: workers-sdk, `convertToWranglerConfig` and the schema of `@cloudflare/config`, as bundled in
wrangler 4.164.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Fields = Mapping[str, "tuple[str, Fields | None]"]
"""By wrangler's name: the other name, and the fields inside if they are renamed too."""


def _same(*names: str) -> dict[str, tuple[str, Fields | None]]:
    return {name: (_camel(name), None) for name in names}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_TRACES = _same("enabled", "head_sampling_rate", "persist", "destinations")
SETTINGS = _same("account_id", "compliance_region")
REGIONS = {"fedramp_high": "fedramp-high", "public": "public"}
WORKER: dict[str, tuple[str, Fields | None]] = {
    "main": ("entrypoint", None),
    **_same("name", "compatibility_date", "compatibility_flags", "workers_dev", "preview_urls"),
    **_same("logpush", "placement", "access"),
    "limits": ("limits", _same("cpu_ms", "subrequests")),
    "cache": ("cache", _same("enabled", "cross_version_cache")),
    "observability": (
        "observability",
        {
            **_same("enabled", "head_sampling_rate", "redact_query_string"),
            "issues": ("issues", _same("enabled")),
            "logs": ("logs", _TRACES | _same("invocation_logs")),
            "traces": ("traces", _TRACES),
        },
    ),
}
ASSETS = _same("html_handling", "not_found_handling", "base_path", "run_worker_first")
CONSUMER = {
    "queue": ("name", None),
    **_same("dead_letter_queue", "max_batch_size", "max_batch_timeout", "max_concurrency"),
    **_same("max_retries", "retry_delay", "visibility_timeout_ms"),
}
UNSAFE = {
    "metadata": ("metadata", None),
    "capnp": ("capnp", _same("base_path", "source_schemas", "compiled_schema")),
}
UNSAFE_TYPE = "unsafe:"  # begins the type of a binding that wrangler has in unsafe.bindings
EXPORT = {
    **_same("type", "state", "storage", "container", "renamed_to", "transferred_to"),
    **_same("transfer_from", "cache", "name", "limits", "concurrency", "schedules", "jurisdiction"),
    "default_retention": ("defaultRetention", _same("success_retention", "error_retention")),
}
# Of a container: by wrangler's name, the path there.
CONTAINER: Mapping[str, tuple[str, ...]] = {
    **{name: (other,) for name, (other, _) in _same(
        *("name", "unsafe", "ssh", "scheduling_policy", "max_instances", "constraints"),
        *("observability", "instance_type", "authorized_keys", "images"),
    ).items()},
    "image_build_context": ("image", "buildContext"),
    "image_vars": ("image", "buildVars"),
    "rollout_kind": ("rollout", "kind"),
    "rollout_step_percentage": ("rollout", "stepPercentage"),
    "rollout_active_grace_period": ("rollout", "activeGracePeriod"),
}  # fmt: skip
DOCKERFILE, REFERENCE = ("image", "dockerfile"), ("image", "reference")
CONTAINER_TABLES: Mapping[str, Fields] = {
    "observability": _same(
        "enabled", "logs", "target_instance_percentage", "target_instance_count"
    ),
    "instance_type": _same("vcpu", "memory_mib", "disk_mb"),
}
CONTAINER_LISTS: Mapping[str, Fields] = {  # of tables
    "authorized_keys": _same("name", "public_key"),
    "images": {"image": ("reference", None), **_same("dockerfile", "build_context", "build_vars")},
}
CONTAINER_WORDS = frozenset(("scheduling_policy", "rollout_kind"))  # full_auto is full-auto there
OUTSIDE = frozenset(  # what wrangler.config.ts has
    (
        *("no_bundle", "minify", "keep_names", "alias", "define", "find_additional_modules"),
        *("preserve_file_names", "base_dir", "rules", "wasm_modules", "text_blobs", "data_blobs"),
        *("tsconfig", "jsx_factory", "jsx_fragment", "python_modules", "upload_source_maps"),
        *("build", "dev", "send_metrics"),
    )
)
PER_ENVIRONMENT = frozenset(  # not inherited from the top level, besides bindings
    (
        *("vars", "define", "durable_objects", "queues", "secrets", "tail_consumers"),
        *("streaming_tail_consumers", "containers", "unsafe"),
    )
)


@dataclass(frozen=True)
class Binding:
    """One type of bindings.

    Attributes:
        path: where wrangler has the list of them, or the one.
        fields: by wrangler's name, the path in cloudflare.config.ts.
    """

    type: str
    path: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    key: str = "binding"
    single: bool = False


_REMOTE = {"remote": ("dev", "remote")}


def _binding(
    kind: str, path: str, *, key: str = "binding", remote: bool = True, **fields: str
) -> Binding:
    paths = {name: tuple(other.split(".")) for name, other in fields.items()}
    return Binding(kind, tuple(path.split(".")), paths | (_REMOTE if remote else {}), key)


BINDINGS = (
    _binding("kv", "kv_namespaces", id="id"),
    _binding(
        "d1", "d1_databases", database_id="id", database_name="name", jurisdiction="jurisdiction"
    ),
    _binding("r2", "r2_buckets", bucket_name="name", jurisdiction="jurisdiction"),
    _binding("vectorize", "vectorize", index_name="name"),
    _binding("mtls-certificate", "mtls_certificates", certificate_id="id"),
    _binding("hyperdrive", "hyperdrive", id="id", localConnectionString="dev.connectionString"),
    _binding("pipeline", "pipelines", stream="streamId"),
    _binding("k2", "k2", stream="id"),
    _binding("flagship", "flagship", app_id="id"),
    _binding("ai-search", "ai_search", instance_name="name"),
    _binding("ai-search-namespace", "ai_search_namespaces", namespace="namespace"),
    _binding("agent-memory", "agent_memory", namespace="namespace"),
    _binding("analytics-engine-dataset", "analytics_engine_datasets", dataset="name"),
    _binding("artifacts", "artifacts", namespace="namespace"),
    _binding("dispatch-namespace", "dispatch_namespaces", namespace="namespace"),
    _binding(
        "secrets-store-secret",
        "secrets_store_secrets",
        remote=False,
        store_id="storeId",
        secret_name="secretName",
    ),
    _binding(
        "send-email",
        "send_email",
        key="name",
        destination_address="destinationAddress",
        allowed_destination_addresses="allowedDestinationAddresses",
        allowed_sender_addresses="allowedSenderAddresses",
    ),
    _binding("vpc-service", "vpc_services", service_id="id"),
    _binding("vpc-network", "vpc_networks", tunnel_id="tunnelId", network_id="networkId"),
    _binding("worker-loader", "worker_loaders", remote=False),
    _binding(
        "rate-limit",
        "ratelimits",
        key="name",
        remote=False,
        namespace_id="namespace",
        simple="simple",
    ),
    _binding("worker", "services", service="worker", entrypoint="exportName", props="props"),
    _binding(
        "durable-object",
        "durable_objects.bindings",
        key="name",
        remote=False,
        class_name="exportName",
        script_name="worker",
    ),
    _binding(
        "workflow",
        "workflows",
        remote=False,
        name="name",
        class_name="exportName",
        script_name="worker",
    ),
    _binding("queue", "queues.producers", queue="name", delivery_delay="deliveryDelay"),
    _binding("logfwdr", "logfwdr.bindings", key="name", remote=False, destination="destination"),
    *(
        Binding(kind, (name,), _REMOTE, single=True)
        for kind, name in (
            ("ai", "ai"),
            ("browser", "browser"),
            ("analytics-sql", "analytics"),
            ("images", "images"),
            ("media", "media"),
            ("stream", "stream"),
        )
    ),
    Binding("version-metadata", ("version_metadata",), single=True),
)
BY_PATH = {binding.path: binding for binding in BINDINGS}
BY_TYPE = {binding.type: binding for binding in BINDINGS}
IN_THIS_WORKER = frozenset(("durable-object", "workflow"))  # they name the Worker in any case

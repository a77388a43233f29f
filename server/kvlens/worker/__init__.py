"""Running a Worker on the real workerd, with its KV namespaces on the emulator.

    config (what the config says) -> build (sources to a script) -> workerd_config
    -> runtime (one workerd) -> host (keeps one running) behind proxy (its public port)

No file watching and no printing: `workspace` and the fronts do that.
"""

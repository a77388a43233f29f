"""Running a Worker on the real workerd, with its KV namespaces on our emulator.

settings (what the config says) -> build (sources to a script) -> layout (workerd's config)
-> runtime (one workerd) -> host (keeps one running, whatever changes).
"""

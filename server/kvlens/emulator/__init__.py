"""The emulator: KV over HTTP for Workers (workerd's protocol), wrangler and the SDKs (REST).

HTTP, authorization, the binding protocol, the REST API and the store API. What KV accepts is
decided in `kvlens.kv`; workerd is run by `kvlens.worker`.
"""

"""Where keys are kept: the interface (`base`), the registry, and one module or package per store.

A store takes what it is given. What may be put is decided above, in `kvlens.kv`; only a store
knows its own format.
"""

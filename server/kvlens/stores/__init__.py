"""Stores of keys: the interface (`base`), the registry, and one module or package per store.

A store accepts whatever it gets: `kvlens.kv` validates puts. Only the store knows its format.
"""

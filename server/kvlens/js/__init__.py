"""JavaScript and TypeScript: parsing, scopes, bindings, constant values and KV calls.

What the code says, as facts. No rule and no message: those are in `lint`.
"""

"""JavaScript and TypeScript: parsing, scopes, bindings, constant values and KV calls.

Facts about the code. Rules and messages are in `lint`.
"""

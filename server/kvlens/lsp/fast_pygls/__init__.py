"""The fast path through pygls: its types, converter, messages, protocol and transport.

Whatever replaces or speeds up a part of pygls is here, and nothing that knows Workers KV. Without
this package the server would run on plain pygls, only slower (docs/decisions/pygls-fast-path.md).
"""

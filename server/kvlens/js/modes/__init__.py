"""The modes of a cloudflare.config.ts: its code, evaluated for one mode after the other.

`evaluator` evaluates it with the other modules, `values` is what they return. `config_scanner`
makes the config's environments of that.
"""

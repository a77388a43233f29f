"""Rules for a Worker's config: one file for each rule, named after its code.

Only rules. Shared code is in `kvlens.lint`.
"""

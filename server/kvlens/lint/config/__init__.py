"""Rules for a Worker's config: one file for each rule, named after its code.

Only rules. What several of them share is in `kvlens.lint`.
"""

"""Rules for seed files: one file for each rule, named after its code.

Only rules. Seed files are parsed in `kvlens.seeds`.
"""

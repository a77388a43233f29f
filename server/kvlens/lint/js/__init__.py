"""Rules for JavaScript and TypeScript: one file for each rule, named after its code.

Only rules. The analysis of code is in `kvlens.js`.
"""

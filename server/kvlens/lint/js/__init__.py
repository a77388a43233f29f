"""Rules for JavaScript and TypeScript: one file for each rule, named after its code.

Only rules. What the code means is worked out in `kvlens.js`.
"""

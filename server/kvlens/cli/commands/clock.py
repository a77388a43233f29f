"""Show, freeze, advance, jump, resume and reset the clock by which keys expire.

Section: Data
"""

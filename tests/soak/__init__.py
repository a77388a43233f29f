"""Soak tests: problems that only long or heavy use shows. `make soak`, or `python -m tests.soak`.

A short run of every part is in `make test`: see `test_soak`.
"""

"""Soak tests: what only long or large use shows. `make soak`, or `python -m tests.soak`.

Every part is also run short, with `make test`: see `test_soak`.
"""

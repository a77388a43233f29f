"""Benchmarks: our result, the peer's on the same input in the same run, and the ratio."""

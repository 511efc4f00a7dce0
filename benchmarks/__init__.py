"""Benchmarks: what the engine costs beside a plain copy of the same file. `python -m benchmarks`."""

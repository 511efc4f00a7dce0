"""Benchmarks: what the engine costs, stage by stage and beside others, on this machine. `python -m benchmarks`."""

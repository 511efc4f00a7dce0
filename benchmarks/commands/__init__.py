"""The commands of `python -m benchmarks`: a module each, which parses, measures, and hands over its result."""

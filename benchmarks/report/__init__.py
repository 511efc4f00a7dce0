"""How results are written: a table for people, JSON for later, a chart; and how two of them are compared."""

from benchmarks.report.result import Chart, Line, Result
from benchmarks.report.write import write

__all__ = ["Chart", "Line", "Result", "write"]

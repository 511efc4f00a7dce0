"""Keeps pandas out of the command's own process as long as nobody there asks for it.

pyarrow imports pandas, where it is installed, as soon as it meets a Python value or gives out a numpy array, to know
pandas' objects when it sees them: a third of a second, for objects that the command line itself never has.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any


class _Pandas:
    """Finds pandas, or says that there is none; once it is imported, pyarrow is told."""

    absent = True

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Answer as a finder of modules does."""
        if name != "pandas":
            return None
        if self.absent:
            raise ModuleNotFoundError("pandas is not looked for now", name=name)
        spec = PathFinder.find_spec(name, path, target)
        loader: Any = None if spec is None else spec.loader
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: Any) -> None:
                import pyarrow as pa

                execute(module)
                pa.nulls(0).to_pandas()  # for which it looks again

            loader.exec_module = exec_module
        return spec


def forgo_pandas() -> None:
    """Let pyarrow look for pandas now, and find none; it finds it when somebody else imports it."""
    if "pandas" in sys.modules or any(isinstance(finder, _Pandas) for finder in sys.meta_path):
        return
    import pyarrow as pa

    finder: Any = _Pandas()
    sys.meta_path.insert(0, finder)
    pa.scalar(None)
    finder.absent = False

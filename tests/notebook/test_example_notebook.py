"""The example notebook runs from its first cell to its last, and shows what it is committed with.

Where what is shown has changed on purpose, `python tests/notebook/test_example_notebook.py` executes it anew.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"
#: In a process of its own: what a kernel and its client warn of is not the suite's affair.
PROGRAM = """
import sys
import nbformat
from nbclient import NotebookClient

source, target = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
kept = dict(notebook.metadata)
NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": "."}}).execute()
# What the client notes, such as when each cell ran, is nobody's affair.
notebook.metadata = kept
for cell in notebook.cells:
    cell.metadata = {}
nbformat.write(notebook, target)
"""


def _outputs(notebook):
    """Return what each cell of code shows, as text and as markup."""
    shown = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            data = [output.get("data", {"text/plain": output.get("text", "")}) for output in cell.outputs]
            shown.append([(kind, "".join(value)) for each in data for kind, value in sorted(each.items())])
    return shown


def _execute(folder, target):
    """Execute the notebook in a folder of its own, and write it with what it shows."""
    own = {name: str(folder / name) for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    own |= {"JUPYTER_DATA_DIR": str(folder / "data"), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(NOTEBOOK), str(target)]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_runs_and_shows_what_it_is_committed_with(tmp_path):
    _execute(tmp_path, tmp_path / "executed.ipynb")
    executed, committed = (nbformat.read(path, as_version=4) for path in (tmp_path / "executed.ipynb", NOTEBOOK))
    assert _outputs(executed) == _outputs(committed)
    # Every cell of code shows something, and nothing failed or warned.
    assert all(_outputs(committed))
    kinds = {output.output_type for cell in committed.cells if cell.cell_type == "code" for output in cell.outputs}
    assert kinds == {"execute_result"}


def test_it_is_short_and_names_nobody_and_no_machine():
    committed = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert 5 <= len(code) <= 8
    nbformat.validate(committed)
    assert committed.metadata.keys() == {"kernelspec", "language_info"}
    assert committed.metadata.language_info == {"name": "python"}
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        _execute(Path(name), NOTEBOOK)

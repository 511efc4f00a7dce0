"""Published outputs against what they say of themselves, and against the state that they were imported into."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve import publish
from leadsieve.exceptions import OutputError, UsageError
from leadsieve.ledger import Ledger
from leadsieve.proof import ACCEPTED_COLUMNS, REJECTED_COLUMNS, Unproven, compare, read_keys
from leadsieve.run import Folder
from leadsieve.wording import counted
from leadsieve_connectors.campaigns import RunRecord, State
from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks import read_back, stored_schema
from leadsieve_connectors.sources.storage import display_name
from leadsieve_rules.profiles import PHONE

#: The columns of what is found: where it is, what does not agree, and what to do.
FINDINGS = pa.schema([("where", pa.string()), ("problem", pa.string()), ("advice", pa.string())])

_AGAIN = "run the same clean command again, with --overwrite; until then do not use these files"
_Found = Iterator[dict[str, str]]


def verify(out: Path | str, state: State) -> pa.Table:
    """Compare a publication with its `run.json`, and with the state that it was imported into.

    Args:
        out: The published folder, or its URL as a string.
        state: Where its campaign is kept; not touched where the run had none.

    Returns:
        One row for each disagreement, in the schema `FINDINGS`; none where all is well.

    Raises:
        UsageError: There is no publication in `out`.
        ConnectorError: The state, or a store, cannot be read.
    """
    outputs = Outputs.at(out)
    if outputs is None:
        raise UsageError(f"{display_name(str(out))} holds no run that leadsieve published; name what clean --out gave")
    with closing(outputs.folder):
        return pa.Table.from_pylist(list(_verify(outputs, state)), FINDINGS)


def _verify(outputs: Outputs, state: State) -> _Found:
    info = outputs.info
    if info["campaign"] is None or info.get("failed"):
        yield from _check_outputs(outputs)
        return
    record = next((one for one in state.runs(info["campaign"]) if one.run_id == info["run_id"]), None)
    if record is None:
        yield from _check_outputs(outputs)
        yield _unknown(outputs, state)
    else:
        yield from check_run(outputs, record, state)


@dataclass(frozen=True, slots=True)
class Outputs:
    """A publication that is looked into.

    Attributes:
        name: OUT, as outputs show it.
        folder: Where its files can be read.
        info: Its `run.json`, the files under their plain names.
        strangers: Files that are not of it.
    """

    name: str
    folder: Folder
    info: Mapping[str, Any]
    strangers: Sequence[str]

    @classmethod
    def at(cls, out: Path | str) -> Outputs | None:
        """Open a publication; None where there is none."""
        if isinstance(out, str):
            place = publish.place(out, None)
            info = place.standing()
            if info is None:
                return None
            plain = publish.plain_entries(info)
            # Beside a publication in a store, others may be on their way.
            return cls(place.name, place.reopen(info), {**info, "files": plain}, ())
        run = publish.read_run(out)
        if run is None:
            return None
        known = {publish.RUN_FILE, *publish.EXTRA_FILES, *(entry["name"] for entry in run["files"])}
        return cls(str(out), Folder(out, out=out), run, publish.find_strangers(out, known))

    def entry(self, part: str) -> Mapping[str, Any] | None:
        """Return the manifest's entry of a part, whatever its format; requests are in a folder, and are no parts."""
        names = (f"{part}.parquet", f"{part}.csv")
        return next((entry for entry in self.info["files"] if entry["name"] in names), None)


def check_run(outputs: Outputs, record: RunRecord, state: State) -> _Found:
    """Find what does not agree between the outputs of a run, its `run.json` and what its state says of it."""
    whole = True
    for found in _check_outputs(outputs):
        whole = False
        yield found
    if record.manifest != outputs.info["files"]:
        yield _found(outputs.name, f"{state.path} holds another manifest of run {record.run_id}", _AGAIN)
    elif whole:
        yield from _compare_keys(outputs, record, state)


def _unknown(outputs: Outputs, state: State) -> dict[str, str]:
    """Say why a state has no run of a publication."""
    out, campaign, run_id = outputs.name, outputs.info["campaign"], outputs.info["run_id"]
    for event in state.history(campaign):
        if event.id == run_id and event.undone_at is not None:
            when = f"{event.undone_at:%Y-%m-%d %H:%M}Z"
            return _found(
                out, f"its run {run_id} was undone on {when}", "remove these files, or clean the sources again"
            )
    return _found(out, f"{state.path} has no run {run_id} of campaign {campaign!r}", "name its state with --state")


def _check_outputs(outputs: Outputs) -> _Found:
    """Check a publication by itself; counts only where every file is the one that was published."""
    files = list(_check_files(outputs))
    yield from files or _check_counts(outputs)


def _check_files(outputs: Outputs) -> _Found:
    """Find each file of a publication that is missing or changed, or that is not of it."""
    for entry in outputs.info["files"]:
        problem = _changed(outputs.folder, entry)
        if problem is not None:
            yield _found(f"{outputs.name}/{entry['name']}", problem, _AGAIN)
    for name in outputs.strangers:
        yield _found(f"{outputs.name}/{name}", "leadsieve did not publish it", "move it elsewhere")


def _changed(folder: Folder, entry: Mapping[str, Any]) -> str | None:
    """Say how a file is not the one that was published; None where it is."""
    try:
        path = folder.file(entry["name"])
        size = path.stat().st_size
        if size != entry["bytes"]:
            return f"it has {size:,} bytes, and {entry['bytes']:,} were published"
        if publish.sha256(path) != entry["sha256"]:
            return "its content has changed since it was published"
    except FileNotFoundError:
        return "it is missing"
    except OSError as exc:
        return f"it cannot be read: {exc.strerror or exc}"
    except OutputError as exc:
        return exc.message
    return None


def _check_counts(outputs: Outputs) -> _Found:
    """Prove the publication anew, as its run did: each row once, and all counts those of the ledger."""
    info, folder = outputs.info, outputs.folder
    if json.loads(folder.file("summary.json").read_bytes()) != info["answers"]["raw"]["body"]:
        yield _found(f"{outputs.name}/summary.json", "it is not the answer that run.json holds", _AGAIN)
    accepted, rejected, errors = (outputs.entry(part) for part in ("accepted", "rejected", "errors"))
    if accepted is None or rejected is None or errors is None:  # a run over its limit keeps what it rejected
        return
    try:
        ledger = Ledger.of_dict(info["ledger"], errors["rows"])
        compare(
            [file.rows for file in ledger.files],
            ledger,
            [_accepted_keys(outputs)],
            _read(folder.file(accepted["name"]), ACCEPTED_COLUMNS),
            _read(folder.file(rejected["name"]), REJECTED_COLUMNS),
            ledger.listed,
            row_numbers=_row_numbers(folder, ledger, (accepted["name"], rejected["name"])),
        )
    except (Unproven, SinkError) as exc:
        yield _found(outputs.name, str(exc), _AGAIN)


def _row_numbers(folder: Folder, ledger: Ledger, names: Sequence[str]) -> dict[int, npt.NDArray[np.int64]]:
    """Find the row numbers of files whose rows stood in a rejected file: all that are there, each once."""
    again = {file.name: at for at, file in enumerate(ledger.files) if file.rejected_file is not None}
    found: dict[int, list[npt.NDArray[np.int64]]] = {at: [] for at in again.values()}
    for name in names if again else ():
        for batch in _read(folder.file(name), ("lead_file", "lead_row")):
            files, rows = batch.column("lead_file"), batch.column("lead_row")
            for lead_file in pc.unique(files).to_pylist():
                if lead_file in again:
                    found[again[lead_file]].append(rows.filter(pc.equal(files, lead_file)).to_numpy())
    return {at: np.unique(np.concatenate([np.zeros(0, np.int64), *rows])) for at, rows in found.items()}


def _accepted_keys(outputs: Outputs) -> npt.NDArray[np.uint64]:
    """Read the keys of the numbers that a publication holds as accepted, in order."""
    entry = outputs.entry("accepted")
    batches = _read(outputs.folder.file(entry["name"]), (PHONE,)) if entry is not None else iter(())
    return np.concatenate([np.zeros(0, np.uint64), *(read_keys(batch.column(PHONE)) for batch in batches)])


def _read(path: Path, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    schema = stored_schema(path)
    missing = [name for name in columns if name not in schema.names]
    if missing:
        raise SinkError(f"{path}: cannot be read back: it has no column {missing[0]}")
    at = schema.get_field_index("lead_row")
    if at >= 0:
        schema = schema.set(at, pa.field("lead_row", pa.int64()))
    return read_back(path, schema, columns)


def _compare_keys(outputs: Outputs, record: RunRecord, state: State) -> _Found:
    """Compare the numbers that a publication holds as accepted with those that its campaign gained by it."""
    pieces = [batch.column("key").to_numpy() for batch in state.contacts(record.campaign, run=record.seq)]
    gained = np.sort(np.concatenate([np.zeros(0, np.uint64), *pieces]))
    held = np.sort(_accepted_keys(outputs))
    if len(gained) + record.forgotten != len(held) or not np.isin(gained, held).all():
        counts = f"campaign {record.campaign!r} gained {counted(len(gained), 'number')} by run {record.run_id}"
        problem = f"{counts}, and {len(held):,} stand here, not the same ones"
        yield _found(outputs.name, problem, "restore the state or the files from a backup")
    elif record.forgotten:
        problem = f"it still holds {counted(record.forgotten, 'number')} that the state was told to forget"
        yield _found(outputs.name, problem, "remove them from the files, or the files")


def _found(where: str, problem: str, advice: str) -> dict[str, str]:
    return {"where": where, "problem": problem, "advice": advice}

"""Accepted rows as request files ready to send, each within every limit of its system: a stream, in one pass."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.exceptions import UsageError
from leadsieve.publish.files import cannot_write, write_json
from leadsieve.requests.bodies import bodies_of
from leadsieve.requests.plan import ORIGIN, RequestPlan
from leadsieve.requests.timetable import TIMETABLE, Request, send_after, write_timetable
from leadsieve_connectors.sinks import text_bytes

#: The folder of the requests, in that of the run.
FOLDER = "requests"
#: What goes with every file, but for those that have a form of their own (`000002.form.json`).
FORM = "form.json"
#: Rows are written in pieces of about so many bytes, and of no more than so many rows.
_PIECE_BYTES, _PIECE_ROWS = 4 << 20, 65_536
_NO_LIMIT = 1 << 62

#: From the number of a request, its rows and those of all requests before it to the predicted answer's JSON body.
Answer = Callable[[int, int, int], Any]


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a run, ready to send.

    Attributes:
        requests: What is in each, in the order in which they are to be sent.
        answers: The predicted answer to each: `file`, `rows`, `answer`.
        files: Every written file, from the run's folder, to its rows; None where it has none.
        note: What the user must know before sending them; empty where nothing.
    """

    requests: tuple[Request, ...]
    answers: tuple[Mapping[str, Any], ...]
    files: Mapping[str, int | None]
    note: str


def write_requests(accepted: Iterable[pa.RecordBatch], folder: Path, plan: RequestPlan, *, answer: Answer) -> Requests:
    """Write accepted rows as requests: `requests/000001.json` (or `.csv`) and so on, and `requests/timetable.csv`.

    A request is ended where its next contact would pass a limit of the target system; the files are the same however
    the rows are cut into batches. Beside CSV files goes `requests/form.json`, where the system asks for more than the
    file. The files are not synced; sealing a publication does that. No more than a piece of a batch is in memory.

    Args:
        accepted: Rows in order, with the columns that `plan.columns` names.
        folder: The run's folder; it has no `requests` yet.
        plan: What the requests are made of.
        answer: Predicts the answer to each request.

    Returns:
        What was written.

    Raises:
        UsageError: A contact alone passes the limit on bytes (`resource_limit`); the system would delete with each
            request what the one before imported; or the profile has no request.
        OutputError, SinkError: A file cannot be written. Whatever is raised, no file is left.
    """
    here = folder / FOLDER
    with _folder(here):
        writer = _Writer(here, plan, answer)
        with closing(writer):
            for batch in accepted:
                writer.take(batch)
            writer.end()
        write_timetable(here / TIMETABLE, writer.requests)
    files = {**writer.files, f"{FOLDER}/{TIMETABLE}": len(writer.requests)}
    note = plan.template.note if len(writer.requests) > 1 else ""
    return Requests(tuple(writer.requests), tuple(writer.answers), files, note)


@contextmanager
def _folder(path: Path) -> Iterator[None]:
    """Make a folder that is gone again where filling it fails."""
    try:
        path.mkdir()
        try:
            yield
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
    except OSError as exc:
        raise cannot_write(path, exc) from exc


@dataclass(slots=True)
class _Open:
    """The request that is being written."""

    file: BufferedWriter
    after: bytes
    bytes: int  # with what comes after the contacts
    first: str
    rows: int = 0
    last: str = ""


class _Writer:
    """Fills one request after the other.

    Args:
        folder: Where the files go.
        plan: What the requests are made of.
        answer: Predicts the answer to each.
    """

    def __init__(self, folder: Path, plan: RequestPlan, answer: Answer) -> None:
        self.requests: list[Request] = []
        self.answers: list[Mapping[str, Any]] = []
        self.files: dict[str, int | None] = {}
        self._folder, self._plan, self._answer = folder, plan, answer
        self._bodies = bodies_of(plan)
        self._rows = plan.profile.limits.rows or _NO_LIMIT
        self._bytes = plan.profile.limits.bytes or _NO_LIMIT
        self._sent = 0
        self._form: Mapping[str, Any] | None = None
        self._open: _Open | None = None

    def take(self, batch: pa.RecordBatch) -> None:
        """Write the rows of the next batch."""
        step = min(_PIECE_ROWS, max(1, batch.num_rows * _PIECE_BYTES // max(1, batch.nbytes)))
        for start in range(0, batch.num_rows, step):
            self._take(batch.slice(start, step))

    def end(self) -> None:
        """Finish the request that is being written, if there is one."""
        done = self._open
        if done is None:
            return
        done.file.write(done.after)
        done.file.close()
        self._open = None
        number = len(self.requests) + 1
        name = f"{FOLDER}/{self._name(number, self._bodies.suffix)}"
        seconds = send_after(number - 1, self._plan.profile.limits.per_minute)
        self.requests.append(Request(name, done.rows, done.bytes, done.first, done.last, seconds))
        self.answers.append({"file": name, "rows": done.rows, "answer": self._answer(number, done.rows, self._sent)})
        self.files[name] = done.rows
        self._sent += done.rows
        self._add_form(number)

    def close(self) -> None:
        """Let go of a file that was not finished."""
        if self._open is not None:
            self._open.file.close()

    def _take(self, piece: pa.RecordBatch) -> None:
        contacts = self._bodies.contacts(piece)
        ends = np.cumsum(pc.binary_length(contacts).to_numpy(zero_copy_only=False), dtype=np.int64)
        start = 0
        while start < len(ends):
            request = self._open or self._begin(_origin(piece, start))
            room = self._room(request, ends, start)
            if room:
                self._write(request, contacts.slice(start, room))
                request.last = _origin(piece, start + room - 1)
                start += room
            elif request.rows:
                self.end()
            else:
                raise self._too_large(request.first)

    def _room(self, request: _Open, ends: npt.NDArray[np.int64], start: int) -> int:
        """Return how many of the contacts from `start` on have their place in a request."""
        written = int(ends[start - 1]) if start else 0
        left = self._bytes - request.bytes + (0 if request.rows else len(self._bodies.between))
        fit = int(np.searchsorted(ends, written + left, side="right")) - start
        return max(0, min(fit, self._rows - request.rows))

    def _begin(self, first: str) -> _Open:
        number = len(self.requests) + 1
        if number > 1 and self._plan.profile.duplicates.delete_first:
            raise self._would_delete()
        before, after = self._bodies.around(number)
        file = (self._folder / self._name(number, self._bodies.suffix)).open("xb")
        self._open = _Open(file, after, len(before) + len(after), first)
        file.write(before)
        return self._open

    def _write(self, request: _Open, contacts: pa.Array) -> None:
        data = text_bytes(contacts)
        if not request.rows:
            data = data.slice(len(self._bodies.between))
        request.file.write(data)
        request.rows += len(contacts)
        request.bytes += data.size

    def _add_form(self, number: int) -> None:
        form = self._bodies.form(number)
        if form is None or form == self._form:
            return
        name = FORM if number == 1 else self._name(number, f".{FORM}")
        write_json(self._folder / name, form)
        self.files[f"{FOLDER}/{name}"] = None
        if number == 1:
            self._form = form

    @staticmethod
    def _name(number: int, suffix: str) -> str:
        return f"{number:06}{suffix}"

    def _too_large(self, origin: str) -> UsageError:
        profile = self._plan.profile
        return UsageError(
            f"{origin}: this contact alone is more than a request of {profile.name} may hold ({self._bytes:,} bytes); "
            "shorten its values in the source",
            "resource_limit",
        )

    def _would_delete(self) -> UsageError:
        profile = self._plan.profile
        statuses = " and ".join(profile.duplicates.delete_first)
        return UsageError(
            f"--batches: the accepted rows are too many for one request of {profile.name}, which with each request "
            f"deletes the campaign's {statuses} contacts, so those of the one before; clean fewer rows at a time, each "
            "into a campaign of its own, or leave --batches out"
        )


def _origin(batch: pa.RecordBatch, row: int) -> str:
    file, number = (batch.column(name)[row].as_py() for name in ORIGIN)
    return f"{file}:{number}"

"""OUT at a URL: outputs under a fresh prefix, and `run.json`, which names them, written last and in one step.

| in OUT | meaning |
|---|---|
| `run.json` | the publication: its `files[].name` are relative to OUT, with the prefix |
| `RUN-xxxxxxxx/` | the outputs that it names; or those of a run that is under way, was killed, or failed |

The order: the outputs are uploaded and proven, the state's transaction is done where there is a campaign, `run.json`
is put in its place, what it named before is removed. A reader that has read `run.json` and finds a file of it gone
reads `run.json` again: it has been replaced. A prefix is removed by the run that made it, or by a later start of the
same machine that finds the run's hidden folder (see `upload`) without a living process.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadsieve.exceptions import OutputError
from leadsieve.publish.entry import (
    commit_to_state,
    is_foreign,
    is_record_of,
    mark_published,
    note_commit,
    read_mark,
    require_sealed,
    unfinished,
)
from leadsieve.publish.files import RUN_FILE, parse_run, published, sha256, to_json
from leadsieve.publish.names import PREFIX, plain_entries, prefix_of
from leadsieve.publish.protocol import roll_forward
from leadsieve.publish.staging import Staging, stale
from leadsieve.publish.steps import step
from leadsieve.publish.upload import Upload, hidden_target
from leadsieve.run import Folder
from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks.remote import NoAnswer, RemoteFolder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve.publish.entry import Entry, RunStore
    from leadsieve_connectors.campaigns.records import RunRecord

_log = logging.getLogger("leadsieve")


class RemotePlace:
    """OUT at a URL; see `place.Place`.

    Args:
        url: OUT, with or without user information, which goes no further than to the store.
        beside: The state's folder, where there is a campaign.

    Raises:
        SinkError: There is no connection.
    """

    local = False
    proven = "all sizes agree"

    def __init__(self, url: str, beside: Path | None, *, remote: RemoteFolder | None = None) -> None:
        self._url = url.rstrip("/")
        self._beside = beside
        self._remote = remote or RemoteFolder(self._url)
        self.name = self._remote.name
        self._target = hidden_target(self.name, beside)

    def at(self, record: RunRecord) -> RemotePlace:
        """Return where a committed run belongs; over this one's connection, where that is the same place."""
        beside = Path(record.staging).parent
        return RemotePlace(record.out, beside, remote=self._remote if record.out == self.name else None)

    def recover(self, store: RunStore | None) -> frozenset[str]:
        """See `protocol.recover`."""
        finished = roll_forward(store, self)
        for staging in stale(self._target):
            if not is_foreign(staging, store):
                self.clear(staging)
        return finished

    def clear(self, staging: Staging) -> None:
        """Remove a dead run's folder, and what of it nobody needs in OUT."""
        Upload.left(staging, self._remote).settle(self.standing())
        staging.remove()

    def standing(self) -> dict[str, Any] | None:
        """Return the `run.json` that stands in OUT; None where there is none, or none of leadsieve's."""
        data = self._remote.read(RUN_FILE)
        run = None if data is None else parse_run(data)
        return run if run is not None and prefix_of(run) is not None else None

    def published(self) -> dict[str, Any] | None:
        """Return the `run.json` of OUT where all files that it names are there with their sizes; else None."""
        run = self.standing()
        if run is None:
            return None
        sizes = self._remote.sizes([entry["name"] for entry in run["files"]])
        return run if all(sizes.get(entry["name"], -1) == entry.get("bytes") for entry in run["files"]) else None

    def staging(self, run_id: str, *, overwrite: bool, own: str | None = None) -> Upload:
        """See `place.Place`."""
        names = self._remote.entries()
        self._require_free(overwrite=overwrite, own=own)
        strangers = [name for name in names if not PREFIX.fullmatch(name)]
        if strangers and RUN_FILE not in names:
            raise self._exists("is not empty and was not published by leadsieve; name another --out")
        if names and RUN_FILE not in names and not overwrite:
            raise self._exists(
                f"holds {names[0]}/ of a run that is under way or was killed elsewhere; wait for it, or use --overwrite"
            )
        self._target.parent.mkdir(parents=True, exist_ok=True)
        return Upload(self._target, run_id, self._remote)

    def commit(self, staging: Staging, *, overwrite: bool, entry: Entry | None = None) -> list[dict[str, Any]]:
        """See `place.Place`; `protocol.commit` says what is raised."""
        assert isinstance(staging, Upload)  # noqa: S101 - `staging` gave it
        run = require_sealed(staging, entry)
        staging.send([file["name"] for file in run["files"]])
        self._require_free(overwrite=overwrite, own=staging.run_id)
        replaced = self.standing()
        mark = {
            "state": None if entry is None else str(entry.store.path),
            "replaces": None if replaced is None else replaced["run_id"],
            "old": None if replaced is None else prefix_of(replaced),
        }
        note_commit(staging, mark)
        if entry is not None:
            commit_to_state(staging, entry, out=self.name, overwrite=overwrite)
        files = self._put_run(staging, run, None if entry is None else entry.record)
        if entry is not None:
            mark_published(entry.record, entry.store)
        self._settle(staging)
        return files

    def keep(self, staging: Staging) -> Folder:
        """See `place.Place`: the parts are read from the hidden folder, which goes with the last of them."""
        assert isinstance(staging, Upload)  # noqa: S101 - `staging` gave it
        remove = staging.keep_open()
        return Folder(staging.folder, out=self.name, remove=remove)

    def reopen(self, standing: Mapping[str, Any]) -> Folder:
        """See `place.Place`: a part is copied to a temporary folder when it is first asked for."""
        path = Path(tempfile.mkdtemp(prefix="leadsieve-"))
        files = {entry["name"].partition("/")[2]: entry for entry in standing["files"]}

        def fetch(name: str) -> None:
            target = path / name
            if target.exists():
                return
            target.parent.mkdir(exist_ok=True)
            copy = target.with_name(f"{target.name}.part")
            self._remote.get(files[name]["name"], copy)
            if sha256(copy) != files[name]["sha256"]:
                raise OutputError(f"{self.name}/{files[name]['name']}: is damaged; publish it again with --overwrite")
            copy.rename(target)

        return Folder(path, out=self.name, remove=partial(shutil.rmtree, path, ignore_errors=True), fetch=fetch)

    def failed(self) -> RemotePlace:
        """See `place.Place`."""
        return RemotePlace(f"{self._url}.failed", self._beside)

    def _require_free(self, *, overwrite: bool, own: str | None) -> None:
        """Make sure that a `run.json` may be put in OUT."""
        data = self._remote.read(RUN_FILE)
        if data is None:
            return
        run = parse_run(data)
        if run is None or prefix_of(run) is None:
            raise self._exists(f"holds a {RUN_FILE} that leadsieve did not put there; name another --out")
        if not overwrite and run["run_id"] != own:
            raise self._exists("holds an earlier run; use --overwrite to replace it, or name another --out")

    def _exists(self, why: str) -> OutputError:
        return OutputError(f"{self.name} {why}", "output_exists")

    def _put_run(self, staging: Upload, run: Mapping[str, Any], record: RunRecord | None) -> list[dict[str, Any]]:
        """Put `run.json` in its place; with that the run is published."""
        files = [{**entry, "name": f"{staging.prefix}/{entry['name']}"} for entry in run["files"]]
        staging.unsure = True
        try:
            data = to_json({**run, "files": files})
            self._remote.put_at_once(data, RUN_FILE, beside=f"{staging.prefix}/{RUN_FILE}")
        except SinkError as exc:
            staging.unsure = isinstance(exc, NoAnswer)
            if record is not None:
                raise unfinished(record, self.name, exc.message) from exc
            raise
        step("run-file-put")
        return files

    def _settle(self, staging: Upload) -> None:
        """Remove what was replaced; the publication stands, whatever becomes of that."""
        try:
            staging.settle(self.standing())
        except SinkError as exc:
            _log.warning("the files that it replaced could not be removed: %s", exc.message)

    def _finish(self, record: RunRecord, store: RunStore) -> None:
        """Publish a committed run, or see that it is published already."""
        upload = Upload.left(Staging(self._target, record.run_id), self._remote)
        locked = upload.try_lock()
        try:
            if not _is_outputs(self.standing(), record):
                if not locked or not upload.prefix:
                    raise unfinished(record, self.name, f"{upload.path} is gone or held by another process")
                self._put_in_place(record, upload)
            mark_published(record, store)
            if locked:
                upload.settle(self.standing())
                upload.remove()
        finally:
            upload.release()

    def _put_in_place(self, record: RunRecord, upload: Upload) -> None:
        run = published(upload.folder)
        if run is None or not is_record_of(run, run["files"], record):
            raise unfinished(record, self.name, f"the outputs in {upload.folder} are damaged")
        try:
            self._require_free(overwrite=False, own=read_mark(upload).get("replaces"))
        except OutputError as exc:
            raise unfinished(record, self.name, exc.message.partition(";")[0]) from exc
        upload.send_missing(run["files"])
        self._put_run(upload, run, record)


def finish(record: RunRecord, store: RunStore, coming: RemotePlace | None) -> None:
    """Put a committed run's outputs at their URL, or see that they stand there already.

    Args:
        record: The run.
        store: The state that has it.
        coming: Where the coming run is to publish, if at a URL: its connection serves for the same place.

    Raises:
        OutputError: It cannot be done.
        StateError: From the store.
    """
    try:
        beside = Path(record.staging).parent
        place = coming.at(record) if coming is not None else RemotePlace(record.out, beside)
        place._finish(record, store)  # noqa: SLF001 - of this module
    except SinkError as exc:
        hint = "; the credentials come from the environment, or from an --out of the same place"
        raise unfinished(record, record.out, exc.message + hint) from exc


def discard_upload(out: str, staging: Path, run_id: str) -> None:
    """Remove the prefix and the hidden folder of a run that the state has no more; see `protocol.discard`.

    A store that does not let this in now is left to the next run that publishes there.
    """
    left = Staging(hidden_target(out, staging.parent), run_id)
    if not left.try_lock():
        return
    try:
        place = RemotePlace(out, staging.parent)
        place.clear(left)
    except SinkError as exc:
        _log.warning("what was uploaded of run %s is removed by the next run there: %s", run_id, exc.message)
        left.release()


def _is_outputs(run: Mapping[str, Any] | None, record: RunRecord) -> bool:
    """Tell whether a `run.json` of OUT is of what a run wrote, whatever its prefix."""
    return run is not None and is_record_of(run, plain_entries(run), record)

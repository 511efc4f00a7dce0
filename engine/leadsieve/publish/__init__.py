"""The commit protocol: a run's outputs stand whole in OUT, or not at all, whenever the process dies.

The order of a run with a campaign, all of it under the state's lock:

```python
with state_lock(path, wait_seconds=10):
    state.ensure()
    recover(out, state)                    # finish or remove what a killed run left
    ...                                    # recognise a re-run: state.runs, then published(out)
    target = check_out(out, overwrite=overwrite)
    with Staging(target, run_id) as staging:
        ...                                # sinks write into staging.folder; the ledger is reconciled
        write_json(staging.folder / "summary.json", summary)
        files = seal(staging.folder, {"accepted.parquet": 10, ..., "summary.json": None})
        write_json(staging.folder / "run.json", {"run_id": run_id, ..., "files": files})
        commit(staging, overwrite=overwrite, entry=Entry(state, record, keys))
```

Without a campaign there is no lock, and `recover(out, None)` and `commit(staging, overwrite=overwrite)` take the
places of their namesakes. A committed run that is published again has no entry either: the state has it already.

A publication holds files, and folders of files one level deep: `requests/000001.json`.

`run.json` is a JSON object in which this package reads `run_id` (the run's own name) and `files` (what `seal`
gave); together they mark a folder as leadsieve's. Without a campaign the rename is the commit. With one the state's
transaction is, and after it the next start finishes what a killed process did not. `place(out)` gives OUT with these
functions as its methods, at a URL as well (`remote` says how).

The hidden folder `.NAME.leadsieve-RUN` beside OUT is the whole journal:

| in it | meaning |
|---|---|
| `lock` | its process lives as long as this file is locked |
| `out/` | the outputs, until they are swapped into place; after an exchange, the folder that they replaced |
| `old/` | the folder that they replace, where the file system cannot exchange two names |
| `commit.json` | the state whose run may need this folder, written before its transaction |
"""

from __future__ import annotations

from leadsieve.publish.entry import Entry, RunStore
from leadsieve.publish.files import (
    EXTRA_FILES,
    RUN_FILE,
    ManifestEntry,
    hash_files,
    move,
    published,
    read_run,
    seal,
    sha256,
    write_json,
)
from leadsieve.publish.names import find_strangers, plain_entries
from leadsieve.publish.place import Place, place
from leadsieve.publish.protocol import commit, discard, recover
from leadsieve.publish.staging import Staging
from leadsieve.publish.steps import REMOTE_STEPS, STEPS, step
from leadsieve.publish.target import check_out, locate

__all__ = [
    "EXTRA_FILES",
    "REMOTE_STEPS",
    "RUN_FILE",
    "STEPS",
    "Entry",
    "ManifestEntry",
    "Place",
    "RunStore",
    "Staging",
    "check_out",
    "commit",
    "discard",
    "find_strangers",
    "hash_files",
    "locate",
    "move",
    "place",
    "plain_entries",
    "published",
    "read_run",
    "recover",
    "seal",
    "sha256",
    "step",
    "write_json",
]

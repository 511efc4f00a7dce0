"""OUT, wherever it is: a folder of this machine or one of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from leadsieve.publish.files import published, read_run
from leadsieve.publish.protocol import commit, recover
from leadsieve.publish.staging import Staging
from leadsieve.publish.target import check_out, locate
from leadsieve.run import Folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leadsieve.publish.entry import Entry, RunStore


class Place(Protocol):
    """Where a run publishes."""

    @property
    def name(self) -> str:
        """OUT, as outputs show it."""
        ...

    @property
    def local(self) -> bool:
        """Whether it is a folder of this machine, so that a commit takes moments."""
        ...

    @property
    def proven(self) -> str:
        """What `published` compares, in words."""
        ...

    def recover(self, store: RunStore | None) -> frozenset[str]:
        """Finish what killed runs had committed, and remove what they had not; see `protocol.recover`."""
        ...

    def standing(self) -> Mapping[str, Any] | None:
        """Return the `run.json` of what stands there, whatever became of its other files; None: nothing of ours."""
        ...

    def published(self) -> Mapping[str, Any] | None:
        """Return the `run.json` of a publication that is whole, as far as that can be told without reading it anew."""
        ...

    def staging(self, run_id: str, *, overwrite: bool, own: str | None = None) -> Staging:
        """Make sure that a run may publish here, and return the hidden folder for its outputs.

        Args:
            run_id: The run.
            overwrite: Whether an earlier publication may be replaced.
            own: A run whose publication may be replaced in any case.

        Raises:
            OutputError: `output_exists` where something stands in the way, `output_failed` where nothing can be
                written.
            SinkError: A store refuses.
        """
        ...

    def commit(self, staging: Staging, *, overwrite: bool, entry: Entry | None = None) -> list[dict[str, Any]]:
        """Make a sealed run durable; see `protocol.commit`. Returns its files as `run.json` names them."""
        ...

    def keep(self, staging: Staging) -> Folder:
        """Return where the parts of a run can be read that was just committed; called in the staging's block."""
        ...

    def reopen(self, standing: Mapping[str, Any]) -> Folder:
        """Return where the parts of a standing publication can be read."""
        ...

    def failed(self) -> Place:
        """Return OUT.failed, for what is kept of a run that is not published."""
        ...


class LocalPlace:
    """OUT as a folder of this machine; see `Place`.

    Args:
        out: The folder.

    Raises:
        OutputError: It is one that is never replaced.
    """

    local = True
    proven = "all hashes agree"

    def __init__(self, out: Path) -> None:
        self._out = out
        self._target = locate(out)
        self.name = str(out)

    def recover(self, store: RunStore | None) -> frozenset[str]:
        """See `Place`."""
        return recover(self._out, store)

    def standing(self) -> dict[str, Any] | None:
        """See `Place`."""
        return read_run(self._out)

    def published(self) -> dict[str, Any] | None:
        """See `Place`: every file is hashed."""
        return published(self._out)

    def staging(self, run_id: str, *, overwrite: bool, own: str | None = None) -> Staging:
        """See `Place`."""
        return Staging(check_out(self._out, overwrite=overwrite, run_id=own), run_id)

    def commit(self, staging: Staging, *, overwrite: bool, entry: Entry | None = None) -> list[dict[str, Any]]:
        """See `Place`."""
        return commit(staging, overwrite=overwrite, entry=entry)

    def keep(self, staging: Staging) -> Folder:  # noqa: ARG002 - it has become OUT
        """See `Place`."""
        return Folder(self._out, out=self._out)

    def reopen(self, standing: Mapping[str, Any]) -> Folder:  # noqa: ARG002 - it stands in OUT
        """See `Place`."""
        return Folder(self._out, out=self._out)

    def failed(self) -> LocalPlace:
        """See `Place`."""
        return LocalPlace(self._target.with_name(f"{self._target.name}.failed"))


def place(out: Path | str, beside: Path | None) -> Place:
    """Return OUT.

    Args:
        out: A folder's path, or its URL as a string.
        beside: The folder of the state, where there is a campaign.

    Raises:
        OutputError: It is a folder that is never replaced.
        SinkError: It is a URL, and there is no connection.
    """
    if isinstance(out, str):
        from leadsieve.publish.remote import RemotePlace

        return RemotePlace(out, beside)
    return LocalPlace(out)

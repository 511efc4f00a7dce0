"""The named steps of the state's own work, announced so that a fault test can end the process at each."""

from __future__ import annotations

import logging

_log = logging.getLogger("leadsieve_connectors.campaigns")

#: Every step, in order; each is announced once it is done.
STATE_STEPS = (
    "state-written",  # a new state is whole and synced, under its temporary name
    "state-renamed",  # it stands under its own name, the folder not yet synced
    "transaction-begun",  # nothing is in it
    "run-inserted",  # the campaign and the run row are in the transaction
    "contacts-inserted",  # the contacts too
    "transaction-committed",  # the run is committed; its data may still be in the write-ahead log
    "checkpointed",  # the main file holds everything
)


def step(name: str) -> None:
    """Announce that the step `name` of `STATE_STEPS` is done, as a debug record with the attribute `step`."""
    _log.debug("step %s", name, extra={"step": name})

"""The named steps of the state's own work, announced so that a fault test can end the process at each."""

from __future__ import annotations

import logging

_log = logging.getLogger("leadsieve_connectors.campaigns")

#: Every step, in order; each is announced once it is done.
STATE_STEPS = (
    "state-written",  # a new state is whole and synced, under its temporary name
    "state-renamed",  # it stands under its own name, the folder not yet synced
    "transaction-begun",  # nothing is in it
    "run-inserted",  # the campaign, the run row and its kept mappings are in the transaction
    "contacts-inserted",  # the contacts too
    "transaction-committed",  # the run is committed; its data may still be in the write-ahead log
    "checkpointed",  # the main file holds everything
)

#: The steps that only a state of an older version takes, when it is next opened to be written.
MIGRATION_STEPS = (
    "migration-begun",  # nothing is in the transaction
    "migration-applied",  # the new tables and the new version are in it
    "migration-committed",  # the state has the new version; it may still be in the write-ahead log
)


def step(name: str) -> None:
    """Announce that the step `name` is done, as a debug record with the attribute `step`."""
    _log.debug("step %s", name, extra={"step": name})

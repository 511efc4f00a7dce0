"""The named steps of the state's own work, announced so that a fault test can end the process at each."""

from __future__ import annotations

import logging

_log = logging.getLogger("leadsieve_connectors.campaigns")

#: Every step, in order; each is announced once it is done.
STATE_STEPS = (
    "state-written",  # a new state is whole and synced, under its temporary name
    "state-renamed",  # it stands under its own name, the folder not yet synced
    "transaction-begun",  # nothing is in it
    "contacts-displaced",  # the contacts that the run deletes are set aside in the transaction
    "contacts-inserted",  # the campaign and the run's contacts are in it too
    "run-inserted",  # the run row and its kept mappings too
    "transaction-committed",  # the run is committed; its data may still be in the write-ahead log
    "checkpointed",  # the main file holds everything
)

#: The steps that only a state of an older version takes, when it is next opened to be written.
MIGRATION_STEPS = (
    "migration-begun",  # nothing is in the transaction
    "migration-applied",  # the new tables and the new version are in it
    "migration-committed",  # the state has the new version; it may still be in the write-ahead log
)

#: The steps of a mark, an undo, and an addition to or removal of a suppression list.
CHANGE_STEPS = (
    "change-begun",  # nothing is in the transaction
    "change-applied",  # everything is in it
    "change-committed",  # it may still be in the write-ahead log
    "change-checkpointed",  # the main file holds everything
)

#: The steps of forgetting a number, in order.
FORGET_STEPS = (
    "forget-begun",  # there is no write-ahead log; the folder of the new file is there
    "forget-written",  # the new file is whole and synced, under its temporary name
    "forget-renamed",  # it stands in the place of the old one, the folder not yet synced
    "forget-synced",  # its name is synced too; its temporary folder is there still
)


def step(name: str) -> None:
    """Announce that the step `name` is done, as a debug record with the attribute `step`."""
    _log.debug("step %s", name, extra={"step": name})

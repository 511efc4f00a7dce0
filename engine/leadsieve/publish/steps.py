"""The named steps of publishing, announced so that a fault test can end the process at each of them."""

from __future__ import annotations

import logging

_log = logging.getLogger("leadsieve.publish")

#: Every step, in order; each is announced once it is done. The state's own steps come between
#: `staging-marked` and `state-committed`.
STEPS = (
    "staging-created",  # the hidden folder exists and is locked
    "files-sealed",  # the outputs are closed, hashed and synced
    "staging-marked",  # with a campaign: the hidden folder names the state that may come to need it
    "state-committed",  # with a campaign: the run is committed
    "old-set-aside",  # only without an exchange of names: what stood at OUT is in the hidden folder
    "swapped",  # the outputs stand at OUT
    "swap-synced",  # and will after a loss of power
    "run-marked",  # with a campaign: the state knows that they do
    "staging-removed",  # the hidden folder is gone, with what was replaced
)


def step(name: str) -> None:
    """Announce that the step `name` of `STEPS` is done, as a debug record with the attribute `step`."""
    _log.debug("step %s", name, extra={"step": name})

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

#: The same for a URL, where the outputs are uploaded.
REMOTE_STEPS = (
    "staging-created",
    "upload-noted",  # the hidden folder names the prefix that may come to be
    "prefix-claimed",  # a first small file stands under it: the store takes what this user writes
    "files-sealed",
    "uploaded",  # the outputs stand under it, and `run.json` says nothing of them
    "staging-marked",  # the hidden folder names what is about to be replaced, and the state
    "state-committed",
    "run-file-put",  # `run.json` names the outputs: they are published
    "run-marked",
    "old-removed",  # what it named before is gone
    "staging-detached",  # the hidden folder belongs to whoever reads the parts of the run
)


def step(name: str) -> None:
    """Announce that a step, of either list, is done, as a debug record with the attribute `step`."""
    _log.debug("step %s", name, extra={"step": name})

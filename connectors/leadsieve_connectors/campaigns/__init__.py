"""The campaigns' state: who was imported when, by which run, in one DuckDB file that outlives any crash.

A run holds `state_lock` throughout, calls `State.ensure` first, reads, and commits once.
"""

from __future__ import annotations

from leadsieve_connectors.campaigns.importing import Ahead
from leadsieve_connectors.campaigns.lock import state_lock
from leadsieve_connectors.campaigns.records import (
    CONTACTS,
    STATUSES,
    SUPPRESSED,
    CampaignInfo,
    Event,
    Forgotten,
    KeptMapping,
    MarkResult,
    Problem,
    RunRecord,
    SuppressionFile,
    UndoneChange,
)
from leadsieve_connectors.campaigns.state import State
from leadsieve_connectors.campaigns.steps import CHANGE_STEPS, FORGET_STEPS, MIGRATION_STEPS, STATE_STEPS

__all__ = [
    "CHANGE_STEPS",
    "CONTACTS",
    "FORGET_STEPS",
    "MIGRATION_STEPS",
    "STATE_STEPS",
    "STATUSES",
    "SUPPRESSED",
    "Ahead",
    "CampaignInfo",
    "Event",
    "Forgotten",
    "KeptMapping",
    "MarkResult",
    "Problem",
    "RunRecord",
    "State",
    "SuppressionFile",
    "UndoneChange",
    "state_lock",
]

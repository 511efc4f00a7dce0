"""The answers of a target system, rendered over the names of a run: pure, and every name checked at load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadsieve_rules.profiles.model import PHONE, AnswerTemplate, Profile
from leadsieve_rules.profiles.placeholders import fill
from leadsieve_rules.reasons import GROUPS, REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Counts of the ledger: all rows, and the rejected ones by group and by reason.
#: Where a group and a reason have one name, the name is the group's count.
COUNT_NAMES = (
    "rows",
    "accepted",
    "rejected",
    "blank_records",
    *GROUPS,
    *(code for code in REASONS if code not in GROUPS),
)
#: What the run says of itself. A setting of the same name as one of these takes its place where it is given.
RUN_NAMES = ("campaign", "campaign_id", "run_id", "file_name", "now")
#: Lists and tables: the rendered errors, and the reasons with their counts above zero.
STRUCTURE_NAMES = ("errors", "reasons")
#: Names of one listed row.
ERROR_NAMES = ("file", "row", "line", "column", "field", "code", "detail", "message", "value", PHONE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the system would answer.

    Attributes:
        code: The error's code; None for the good answer.
        status: HTTP status.
        body: JSON value.
    """

    code: str | None
    status: int
    body: Any


def render(profile: Profile, names: Mapping[str, Any]) -> Answer:
    """Render the answer that the system would give.

    Args:
        profile: The target system.
        names: The value of every name of `COUNT_NAMES`, `RUN_NAMES` and `STRUCTURE_NAMES`, of every setting
            of the profile, and `conditions`: those of `CONDITIONS` that hold. `errors` are mappings of
            `ERROR_NAMES`, of the groups of the profile's list and capped beforehand; `now` is ISO 8601 in
            UTC.

    Returns:
        The first error of the profile of which a condition holds, else the good answer.

    Raises:
        KeyError: A name that the profile uses has no value.
    """
    chosen = _choose(profile, frozenset(names["conditions"]))
    values = dict(names)
    for name, parts in profile.answers.counts.items():
        values[name] = sum(names[part] for part in parts)
    listed = profile.answers.listed
    if listed is not None:
        values["errors"] = [fill(listed.item, row) for row in names["errors"]]
    return Answer(code=chosen.code, status=chosen.status, body=fill(chosen.body, values))


def _choose(profile: Profile, conditions: frozenset[str]) -> AnswerTemplate:
    for error in profile.answers.errors:
        if conditions.intersection(error.when):
            return error
    return profile.answers.ok

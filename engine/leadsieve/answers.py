"""The ledger rendered into the target system's answers: every count of every answer comes from the one ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from leadsieve.ledger import Ledger
from leadsieve.listing import GroupedErrors, ListedErrors
from leadsieve.target import digest
from leadsieve_connectors.sources import Source
from leadsieve_rules.profiles import Answer, Profile, Settings, render, render_at_once
from leadsieve_rules.profiles.model import Limits
from leadsieve_rules.profiles.placeholders import fill
from leadsieve_rules.profiles.templates import COUNT_NAMES, Listed, campaign_id
from leadsieve_rules.reasons import GROUPS, REASONS

#: The condition that holds wherever sources or settings are refused as a whole.
_MALFORMED = "request_malformed"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a campaign holds when a run begins.

    Attributes:
        deleted: Contacts that the import deletes first, by status.
        kept: The other contacts, by status.
    """

    deleted: Mapping[str, int]
    kept: Mapping[str, int]

    @classmethod
    def of(cls, statuses: Mapping[str, int], delete_first: Collection[str]) -> Standing:
        """Split a campaign's contacts by status into those that an import deletes first and those that it keeps."""
        deleted = {status: count for status, count in statuses.items() if status in delete_first}
        kept = {status: count for status, count in statuses.items() if status not in delete_first}
        return cls(deleted, kept)


#: What a record can be at fault for that says, in a request body, that the rows do not fit its own map of columns.
_MISFITS = {("malformed_row", "too_few_fields"), ("malformed_row", "too_many_fields")}

#: A run without a campaign has none to hold anything.
NOTHING = Standing({}, {})


@dataclass(frozen=True, slots=True)
class Answers:
    """Predicts what a target system answers in one run.

    Attributes:
        profile: The target system.
        settings: Its settings in force.
        identity: As `identity` gives it.
        started: When it began.
        standing: What its campaign holds before it.
    """

    profile: Profile
    settings: Settings
    identity: Mapping[str, Any]
    started: datetime
    standing: Standing = NOTHING

    def predict(
        self,
        ledger: Ledger,
        listed: ListedErrors,
        grouped: GroupedErrors,
        dialects: Sequence[Mapping[str, Any]],
        refused: Collection[str],
    ) -> dict[str, Answer]:
        """Predict the answers to the sources as given and to the accepted rows.

        Args:
            ledger: The run's counts.
            listed: The rows that an answer lists.
            grouped: The rows that an answer lists by kind.
            dialects: The sources' dialects.
            refused: Conditions that would hold if everything were sent in one request as it was given.

        Returns:
            `raw`: to the sources, in as many requests as the limits ask for; `accepted`: to the accepted rows;
            `at_once`, where the system's answer comes in two; `unsplit`, where one request would be refused.
        """
        counts = {
            "rows": ledger.rows,
            "accepted": ledger.accepted,
            "rejected": ledger.rejected,
            "blank_records": ledger.blank_records,
            **{code: ledger.reasons[code] for code in REASONS},
            **{group: ledger.groups[group] for group in GROUPS},  # a group may have the name of one of its reasons
        }
        reasons = {code: ledger.reasons[code] for code in REASONS if ledger.reasons[code]}
        raw = self._names(counts, reasons=reasons, errors=listed.items, grouped=grouped.kinds)
        conditions = list(_conditions(counts))
        if any(kind.rows for kind in grouped.kinds.values()):
            conditions.append("bad_rows")
        if all(dialect["format"] == "json" for dialect in dialects) and _MISFITS & set(ledger.causes):
            conditions.append("map_mismatch")
        predicted = {
            "raw": render(self.profile, raw | {"conditions": conditions}),
            "accepted": self.of_request(ledger.accepted),
        }
        at_once = render_at_once(self.profile, raw)
        if at_once is not None:
            predicted["at_once"] = at_once
        if _is_error(self.profile, refused):
            predicted["unsplit"] = render(self.profile, raw | {"conditions": list(refused)})
        return predicted

    def of_request(self, rows: int, before: int = 0, number: int = 1) -> Answer:
        """Predict the answer to a request that holds accepted rows.

        Args:
            rows: How many it holds.
            before: How many the requests before it held.
            number: Its number, from 1.
        """
        counts = dict.fromkeys(COUNT_NAMES, 0) | {"rows": rows, "accepted": rows}
        names = self._names(counts, errors=[], grouped={}, before=before)
        if number > 1:
            names |= self._later(names, number)
        return render(self.profile, names | {"conditions": list(_conditions(counts))})

    def names(self, accepted: int) -> dict[str, Any]:
        """Give the names of the run their values, for `accepted` rows."""
        done = self.started + timedelta(seconds=accepted * self.profile.answers.row_seconds)
        names = {
            **self.identity,
            "campaign_id": campaign_id(self.profile, self.identity["hash"]),
            "now": _utc(self.started).isoformat().replace("+00:00", "Z"),
            "now_plain": _utc(self.started).isoformat(sep=" ").replace("+00:00", ""),
            "completion": _utc(done).isoformat().replace("+00:00", "Z"),
        }
        # What the user gives stands before what the run says of itself.
        return names | {k: v for k, v in self.settings.values.items() if v is not None or k not in names}

    def _later(self, names: Mapping[str, Any], number: int) -> dict[str, Any]:
        """Return what a request after the first says in place of settings; one with another name has its own id."""
        later = {} if self.profile.request is None else self.profile.request.later
        named = {key: value for key, value in later.items() if key in self.profile.settings}
        said: dict[str, Any] = fill(named, {**names, "number": number, "first_campaign_id": names["campaign_id"]})
        if any(self.profile.settings[name].campaign for name in said):
            own = digest([self.identity["hash"], number])[:24]
            said |= {"hash": own, "campaign_id": campaign_id(self.profile, own)}
        return said

    def _names(
        self,
        counts: Mapping[str, int],
        *,
        errors: Sequence[Mapping[str, Any]],
        reasons: Mapping[str, int] | None = None,
        grouped: Mapping[str, Listed],
        before: int = 0,
    ) -> dict[str, Any]:
        """Give every name that an answer's template can hold its value."""
        return {
            **counts,
            "deleted": sum(self.standing.deleted.values()),
            "kept": sum(self.standing.kept.values()) + before,
            "reasons": reasons or {},
            "errors": errors,
            "grouped": grouped,
            **self.names(counts["accepted"]),
        }


def refusal(
    profile: Profile,
    settings: Mapping[str, Any],
    conditions: Collection[str],
    *,
    campaign: str | None,
    started: datetime,
) -> Any:
    """Return what the target system would answer to an upload that is refused as a whole; None where unknown.

    Args:
        profile: The target system.
        settings: Its settings as far as they are known.
        conditions: What is wrong: the code of the failure, or the conditions that a setting's refusal names.
        campaign: The campaign.
        started: When the run began.
    """
    # An unknown campaign is nothing that is wrong with the request.
    held = list(conditions) if "unknown_campaign" in conditions else [*conditions, _MALFORMED]
    if not _is_error(profile, held):
        return None
    run_id = digest([campaign, str(started)])[:12]
    known = Settings({**dict.fromkeys(profile.settings), **settings}, ())
    answers = Answers(profile, known, identity(run_id, campaign), started)
    counts: dict[str, Any] = dict.fromkeys(COUNT_NAMES, 0)
    names = answers._names(counts, errors=[], grouped={})  # noqa: SLF001 - of this module
    return render(profile, names | {"conditions": held}).body


def identity(
    run_id: str, campaign: str | None, *, file_name: str | None = None, rejected_file: str | None = None
) -> dict[str, Any]:
    """Return what identifies a run in the system's answers.

    Args:
        run_id: Its id.
        campaign: Its campaign; None where it has none, and so is one by itself.
        file_name: The file as the system would know it.
        rejected_file: The file with the rejected rows.
    """
    own = digest(run_id if campaign is None else campaign)[:24]
    return {
        "run_id": run_id,
        "campaign": campaign,
        "hash": own,
        "file_name": file_name,
        "rejected_file": rejected_file,
    }


def as_given(profile: Profile, ledger: Ledger, sources: Sequence[Source]) -> list[str]:
    """Return the conditions under which the sources could not be sent as they are, each in one request.

    Args:
        profile: The target system.
        ledger: The run's counts.
        sources: The sources.
    """
    limits = profile.limits
    sizes = [source.size for source in sources]
    conditions = {
        "too_many_rows": limits.rows is not None and any(file.rows > limits.rows for file in ledger.files),
        "body_too_large": limits.bytes is not None and any(size is not None and size > limits.bytes for size in sizes),
        "wrong_format": not all(_is_read(source.dialect, limits) for source in sources),
        "missing_phone_column": not all(set(limits.columns) <= set(source.headers) for source in sources),
    }
    return [condition for condition, holds in conditions.items() if holds]


def _is_read(dialect: Mapping[str, Any], limits: Limits) -> bool:
    """Tell whether the system reads files of a dialect."""
    wanted = {"format": limits.formats, "encoding": limits.encodings, "delimiter": limits.delimiters}
    return all(not known or dialect.get(key, known[0]) in known for key, known in wanted.items())


def _conditions(counts: Mapping[str, int]) -> Iterator[str]:
    if not counts["accepted"]:
        yield "nothing_accepted"
    if not counts["rows"]:
        yield "no_rows"


def _is_error(profile: Profile, conditions: Collection[str]) -> bool:
    return any(set(conditions) & set(error.when) for error in profile.answers.errors)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)

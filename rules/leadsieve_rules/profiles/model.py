"""A profile: what one target system takes, refuses and answers, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The field that every profile has.
PHONE = "phone_number"

CHECKS = ("valid", "normalise")
FORMATS = ("e164", "national", "digits")
SEVERITIES = ("reject", "warn")
SCOPES = ("none", "file", "run", "campaign", "all")
STATUSES = ("pending", "in_progress", "completed", "failed", "skipped", "no_answer", "busy", "voicemail")
RULES = ("text", "email", "integer", "choice", "date", "schedule")
SETTING_TYPES = ("string", "integer", "boolean", "datetime", "time_zone", "countries", "prefixes", "number_types")
#: When an error is the answer. The engine says which of them hold; the first error of the profile that names
#: one wins.
CONDITIONS = ("nothing_accepted", "request_malformed", "body_too_large", "unauthorised", "internal_error")


@dataclass(frozen=True, slots=True)
class Rule:
    """What the values of a field must be.

    Attributes:
        kind: "text" (any; `low` and `high` bound its characters), "email", "integer" (`low` and `high` bound
            it), "choice" (one of `values`), "date" (YYYY-MM-DD), or "schedule" (a call time: ISO 8601, with an
            offset unless `zone` is there, and not past).
        low: Inclusive lower bound; None is unbounded.
        high: Inclusive upper bound; None is unbounded.
        values: What a choice may be.
        ignore_case: Whether a choice may be written in capitals and small letters as one likes.
        zone: IANA name of the time zone of call times without an offset; None where there is none.
    """

    kind: str
    low: int | None = None
    high: int | None = None
    values: tuple[str, ...] = ()
    ignore_case: bool = False
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of the target system.

    Attributes:
        name: The field's name in outputs.
        synonyms: Header names that stand for it, in order of preference, beside the common ones.
        required: Whether an empty cell rejects the row.
        rule: What a value must be; None takes any.
        severity: "reject" or "warn", for a value that breaks the rule.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    rule: Rule | None = None
    severity: str = "warn"


@dataclass(frozen=True, slots=True)
class PhoneRule:
    """How numbers are judged and written.

    Attributes:
        check: "valid" (assigned by the numbering plan) or "normalise" (possible is enough).
        format: "e164", "national" or "digits", in request bodies.
        default_region: Region of numbers without a country code where the user gives none.
    """

    check: str = "valid"
    format: str = "e164"
    default_region: str | None = None


@dataclass(frozen=True, slots=True)
class CustomRule:
    """What becomes of columns that are no field.

    Attributes:
        max: How many the system takes; None is unlimited.
        container: The key that holds them in a request; None puts them beside the fields.
    """

    max: int | None = None
    container: str | None = None


@dataclass(frozen=True, slots=True)
class SettingRule:
    """One value that the user may give for a run.

    Attributes:
        name: Its key.
        type: "string", "integer", "boolean", "datetime" (ISO 8601), "time_zone" (an IANA name), or
            "countries", "prefixes" or "number_types" (as in `Destinations`, with commas between).
        required: Whether the system refuses a request without it.
        default: Its value where none is given, of its type.
        pattern: Regular expression that a whole string must match.
        zone: IANA name of the time zone of a date and time without an offset; None where there is none.
        secret: Whether it is a credential: never taken, never written.
        assumed: Whether the setting is an assumption of ours.
    """

    name: str
    type: str = "string"
    required: bool = False
    default: str | int | bool | None = None
    pattern: str | None = None
    zone: str | None = None
    secret: bool = False
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """Which contacts of a campaign make a number a duplicate.

    Attributes:
        scope: One of `SCOPES`; None is the campaign where one is named, else the run.
        statuses: Statuses that count.
        age_days: Older contacts do not count; None counts all.
        delete_first: Statuses of contacts that an import deletes before it looks.
    """

    scope: str | None = None
    statuses: tuple[str, ...] = STATUSES
    age_days: int | None = None
    delete_first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where the campaign may call; an empty list allows all.

    Attributes:
        countries: Region codes.
        prefixes: Leading digits of E.164 numbers, without the plus sign.
        number_types: libphonenumber's names of number types.
    """

    countries: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    number_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold; None is unlimited.

    Attributes:
        rows: Contacts.
        bytes: Bytes of the body.
        row_chars: Characters of one row, headers included.
        per_minute: Requests a minute.
    """

    rows: int | None = None
    bytes: int | None = None
    row_chars: int | None = None
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerTemplate:
    """One answer of the system.

    Attributes:
        code: The error's code; None for the good answer.
        status: HTTP status.
        when: The conditions of which one makes this error the answer; empty for the good answer.
        body: JSON value with placeholders.
    """

    code: str | None
    status: int
    when: tuple[str, ...]
    body: Any


@dataclass(frozen=True, slots=True)
class ErrorList:
    """How rejected rows are listed inside an answer.

    Attributes:
        groups: The ledger's groups whose rows are listed.
        cap: No more than so many.
        item: JSON value with placeholders, for one row.
    """

    groups: tuple[str, ...]
    cap: int
    item: Any


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """Every answer of the system.

    Attributes:
        ok: The good answer.
        errors: The errors, the first that holds wins.
        counts: Sums of counts under names of the profile's own.
        listed: The list of rejected rows; None where the answers hold none.
    """

    ok: AnswerTemplate
    errors: tuple[AnswerTemplate, ...] = ()
    counts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: ErrorList | None = None


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """The request that carries accepted rows.

    Attributes:
        body: JSON value with placeholders; `{contacts}` is the list of contacts.
        contact: JSON value with placeholders, for one row.
    """

    body: Any
    contact: Any


@dataclass(frozen=True, slots=True)
class Profile:
    """One target system.

    Attributes:
        name: What `--profile` takes.
        title: What people call it.
        source: Where the rules come from.
        assumed: Key path in the profile's file to what we assumed there.
        fields: Name to rule; `phone_number` is always one.
        bound: Where the profile refers to a setting (`"{time_zone}"`) instead of saying a value: the keys that
            lead there, to the setting's name. `settle` puts the values in.
    """

    name: str
    title: str
    source: str
    fields: Mapping[str, FieldRule]
    answers: AnswerSet
    assumed: Mapping[str, str] = field(default_factory=dict)
    phone: PhoneRule = PhoneRule()
    custom: CustomRule = CustomRule()
    settings: Mapping[str, SettingRule] = field(default_factory=dict)
    duplicates: DuplicateRule = DuplicateRule()
    destination: Destinations = Destinations()
    limits: Limits = Limits()
    request: RequestTemplate | None = None
    bound: Mapping[tuple[str, ...], str] = field(default_factory=dict)

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
SETTING_TYPES = (
    *("string", "integer", "boolean", "datetime", "time_zone"),
    *("integers", "countries", "prefixes", "number_types"),
)
REQUEST_FORMATS = ("json", "csv")
CONTACT_SHAPES = ("object", "list")
#: Formats of sources, by leadsieve's names: `csv` is any delimited text, `json` also JSON Lines.
SOURCE_FORMATS = ("csv", "xlsx", "xls", "json", "parquet", "arrow", "frame")
#: The id of a campaign where a profile does not say what it looks like.
CAMPAIGN_ID = "{hash}"
#: When an error is the answer, beside the codes of a source that cannot be read (`SOURCE_CODES`), and `empty:NAME` and
#: `invalid:NAME` for a setting that was given so. The engine says which of them hold; the first error of the profile
#: that names one wins.
CONDITIONS = (
    "nothing_accepted",
    "no_rows",
    "bad_rows",  # a row is rejected for a reason that `[answer.grouped]` lists
    "request_malformed",  # the sources or the settings are refused as a whole, whatever the code
    "too_many_rows",  # in one request as given; so do the next two
    "body_too_large",
    "wrong_format",  # the source is not of the formats, encodings and delimiters that `[limits]` lists
    "unknown_campaign",
    "map_mismatch",  # a request body brings its own map of columns, and rows that do not fit it
    "too_many_requests",  # not predicted, like those that follow: nobody but the system can know
    "unauthorised",
    "internal_error",
)
#: The codes of a source or a column that cannot be read, which are conditions too.
SOURCE_CODES = (
    *("empty_file", "unsupported_format", "unreadable", "malformed_file", "encoding_error", "missing_phone_column"),
    *("ambiguous_phone_column", "duplicate_header", "too_many_columns", "password_protected", "unsafe_file"),
    *("unsafe_archive", "resource_limit"),
)


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
        format: In request bodies: "e164", "digits" (E.164 without the plus sign), or "national" (the digits after the
            country code, where that is the run's region's; E.164 for other numbers, and where there is no region).
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
        name: Its key; dots in it are levels of the system's own body, such as `redialConfig.enabled`.
        type: "string", "integer", "boolean", "datetime" (ISO 8601), "time_zone" (an IANA name), or
            "integers", or "countries", "prefixes" or "number_types" (as in `Destinations`): lists, with commas between.
        required: Whether the system refuses a request without it.
        default: Its value where none is given, of its type.
        pattern: Regular expression that a whole string must match.
        zone: IANA name of the time zone of a date and time without an offset; None where there is none.
        secret: Whether it is a credential: never taken, never written.
        assumed: Whether the setting is an assumption of ours.
        campaign: Whether it is the campaign's name where none is given.
        at_most: The setting that says how many entries a list has at the most; None is unlimited.
    """

    name: str
    type: str = "string"
    required: bool = False
    default: str | int | bool | None = None
    pattern: str | None = None
    zone: str | None = None
    secret: bool = False
    assumed: bool = False
    campaign: bool = False
    at_most: str | None = None


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """Which contacts of a campaign make a number a duplicate.

    Attributes:
        scope: One of `SCOPES`; None is the campaign where one is named, else the run.
        statuses: Statuses that count.
        age_days: Older contacts do not count; None counts all.
        delete_first: Statuses of contacts that an import deletes before it looks.
        run: Whether a number must not repeat in the run. Where this or the next is said, `settle` makes the scope of
            the two; None where it is not said, or a setting says it.
        campaign: Whether a number must not be in the campaign, which its own earlier rows are.
    """

    scope: str | None = None
    statuses: tuple[str, ...] = STATUSES
    age_days: int | None = None
    delete_first: tuple[str, ...] = ()
    run: bool | None = None
    campaign: bool | None = None


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
        formats: Formats of files that the system reads, by leadsieve's names; empty is all.
        encodings: Encodings of text that it reads, by Python's names; empty is all.
        delimiters: Delimiters that it reads; empty is all.
        columns: Headers that a file must have, exactly so.
    """

    rows: int | None = None
    bytes: int | None = None
    row_chars: int | None = None
    per_minute: int | None = None
    formats: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ()
    delimiters: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


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
        more: The last item where there are more rows than the cap: `{more}` is how many, and the names of a row have
            no value. None: nothing is said.
    """

    groups: tuple[str, ...]
    cap: int
    item: Any
    more: Any = None


@dataclass(frozen=True, slots=True)
class GroupedRows:
    """How rejected rows are listed inside an answer that groups them by kind.

    Attributes:
        titles: What the system calls a kind, to the codes of the reasons that are of it, in their table's order.
        cap: A kind names no more row numbers than so many.
        item: Text with `{title}` and `{rows}`, for one kind.
        more: Text with `{more}`, which follows the row numbers where there are more than the cap. Where the run has
            several sources, the file's name stands in brackets before it.
    """

    titles: Mapping[str, tuple[str, ...]]
    cap: int
    item: str
    more: str


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """Every answer of the system.

    Attributes:
        ok: The good answer.
        errors: The errors, the first that holds wins.
        counts: Sums of counts under names of the profile's own.
        listed: The list of rejected rows; None where the answers hold none.
        grouped: The rejected rows by kind; None where the answers hold none.
        at_once: What the system says at once, where `ok` comes later, as a call-back; None where `ok` is at once.
        campaign_id: The id that the system gives a campaign: text over `hash`, 24 hex digits of the campaign's own.
        row_seconds: How long a call is thought to take, for when a campaign is done; 0 where nothing asks for it.
    """

    ok: AnswerTemplate
    errors: tuple[AnswerTemplate, ...] = ()
    counts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: ErrorList | None = None
    grouped: GroupedRows | None = None
    at_once: AnswerTemplate | None = None
    campaign_id: str = CAMPAIGN_ID
    row_seconds: int = 0


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """The request that carries accepted rows.

    Attributes:
        body: Table with placeholders: the body in JSON, or what goes with the file in CSV (form and path fields).
            A member whose placeholder has no value is left out. `{contacts}` is the list of contacts.
        contact: The members of a contact, or the columns of the file, in order: name to `"{field}"`; `"{custom}"` is
            a table of the custom columns, or in lists and CSV, under any name, stands for them one by one. Without
            a `"{custom}"` the custom columns follow, each under its own name. What no column of the run fills is left
            out throughout, and an empty value in its object.
        format: "json" or "csv".
        contact_as: "object", or "list": the values alone, in the order of `{columns}`; an empty one is "".
        later: Members of the body that are others after the first request.
        note: What the user must know before sending several; empty where nothing.
    """

    body: Mapping[str, Any]
    contact: Mapping[str, str]
    format: str = "json"
    contact_as: str = "object"
    later: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


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

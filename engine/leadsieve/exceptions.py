"""What leadsieve raises: one tree, each with a stable code, an exit code and what to do next.

```
LeadsieveError
├── TooManyRejected     more rows rejected than the run allows             exit 1
├── UsageError          an option, setting, profile or schema is wrong     exit 2
├── SourceError         a source that cannot be read as lead data          exit 3
├── StateError          the state is locked, corrupt or in conflict        exit 4
├── OutputError         an output that cannot be written                   exit 5
├── Interrupted         SIGINT or SIGTERM: nothing is half done            exit 130, 143
└── InternalError       leadsieve's own proof failed: nothing published    exit 70
```

A bad row is data, never an exception. The packages below the engine have trees of their own; `translated` turns
them into this one, once, at the facade.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from leadsieve_connectors.exceptions import ConnectorError
from leadsieve_rules.exceptions import RulesError


class LeadsieveError(Exception):
    """Base of everything that leadsieve raises.

    Args:
        message: One line: what is wrong, with file, row, column and value where there are any, and what to do next.
        code: The stable code; every subclass has a default.

    Attributes:
        exit_code: What the command line exits with.
        answer: The target system's predicted answer to such an upload, where it has one.
    """

    default_code = "invalid_option"
    exit_code = 2

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.answer: object | None = None

    def __reduce__(self) -> tuple[type[LeadsieveError], tuple[str, str], dict[str, object]]:
        return type(self), (self.message, self.code), self.__dict__


class TooManyRejected(LeadsieveError):
    """More rows were rejected than the run allows; nothing was committed."""

    default_code = "too_many_rejected"
    exit_code = 1


class UsageError(LeadsieveError):
    """An option, setting, profile or schema is wrong."""


class SourceError(LeadsieveError):
    """A source cannot be read as lead data."""

    default_code = "unreadable"
    exit_code = 3


class StateError(LeadsieveError):
    """The campaigns' state is locked, corrupt or in conflict."""

    default_code = "state_corrupt"
    exit_code = 4


class OutputError(LeadsieveError):
    """An output cannot be written."""

    default_code = "output_failed"
    exit_code = 5


class Interrupted(LeadsieveError):
    """SIGINT or SIGTERM ended the run; nothing is half done."""

    default_code = "interrupted"
    exit_code = 130

    def __init__(self, message: str, code: str | None = None, *, exit_code: int = 130) -> None:
        super().__init__(message, code)
        self.exit_code = exit_code


class InternalError(LeadsieveError):
    """leadsieve's own proof failed: nothing was published, and the defect is leadsieve's."""

    default_code = "internal_error"
    exit_code = 70


#: The class of each code that the packages below can give; a code that is not here is a usage error.
_BY_CODE: dict[str, type[LeadsieveError]] = {
    **dict.fromkeys(
        (
            "empty_file",
            "unsupported_format",
            "unreadable",
            "malformed_file",
            "encoding_error",
            "missing_phone_column",
            "ambiguous_phone_column",
            "duplicate_header",
            "too_many_columns",
            "ambiguous_sheet",
            "missing_sheet",
            "ambiguous_archive",
            "ambiguous_records",
            "missing_region",
            "unsupported_type",
            "password_protected",
            "unsafe_file",
            "unsafe_archive",
            "resource_limit",
            "field_too_large",
            "source_changed",
        ),
        SourceError,
    ),
    **dict.fromkeys(("invalid_option", "invalid_profile", "invalid_schema"), UsageError),
    **dict.fromkeys(("state_corrupt", "state_locked", "state_conflict"), StateError),
    **dict.fromkeys(("output_exists", "output_failed"), OutputError),
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn the exceptions of the rules and the connectors into `LeadsieveError`s; used once, at the facade."""
    try:
        yield
    except (RulesError, ConnectorError) as exc:
        error = _BY_CODE.get(exc.code, UsageError)(exc.message, exc.code)
        error.answer = getattr(exc, "answer", None)
        raise error from exc
    except MemoryError as exc:  # Arrow's own is one of these
        raise SourceError(
            "there is not enough memory; lower LEADSIEVE_THREADS and LEADSIEVE_CHUNK_BYTES, or free some",
            "resource_limit",
        ) from exc

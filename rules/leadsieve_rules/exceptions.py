"""What the rules raise when they cannot be set up; a bad row is never an exception.

```
RulesError
├── UnknownProfile      no such target system, or its file cannot be read
├── InvalidProfile      a profile's file breaks the profile format
├── InvalidSetting      a setting that the profile does not have, or a value that it refuses
├── InvalidSchema       a schema that cannot judge these columns
├── InvalidPrompt       a prompt that cannot be read, or a variable of it that no column fills
├── UnknownRegion       a region code that libphonenumber does not know
└── ColumnError         headers that cannot be mapped to the fields
```
"""

from __future__ import annotations

from typing import Any


class RulesError(Exception):
    """Base of everything raised by this package.

    Args:
        message: One line: what is wrong, with the value, and what to do next.
        code: The stable code of the failure, as documented for the command line.
    """

    default_code = "invalid_option"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code

    def __reduce__(self) -> tuple[type[RulesError], tuple[Any, ...]]:
        return type(self), (self.message, self.code)


class UnknownProfile(RulesError):
    """No such target system, or its file cannot be read."""

    default_code = "invalid_profile"


class InvalidProfile(RulesError):
    """A profile's file breaks the profile format."""

    default_code = "invalid_profile"


class InvalidSetting(RulesError):
    """A setting that the profile does not have, or a value that it refuses.

    Args:
        message: One line: what is wrong, with the value, and what to do next.
        code: The stable code of the failure.
        conditions: What answers may depend on: `empty:NAME` or `invalid:NAME`; empty where no setting of the profile
            was given a value that it refuses.
    """

    def __init__(self, message: str, code: str | None = None, conditions: tuple[str, ...] = ()) -> None:
        super().__init__(message, code)
        self.conditions = conditions

    def __reduce__(self) -> tuple[type[RulesError], tuple[Any, ...]]:
        return type(self), (self.message, self.code, self.conditions)


class InvalidSchema(RulesError):
    """A schema that cannot judge these columns."""

    default_code = "invalid_schema"


class InvalidPrompt(RulesError):
    """A prompt that cannot be read, or a variable of it that no column fills."""


class UnknownRegion(RulesError):
    """A region code that libphonenumber does not know."""


class ColumnError(RulesError):
    """Headers that cannot be mapped to the fields."""

    default_code = "missing_phone_column"

"""What the connectors raise when bytes cannot come in or go out; a bad record is never an exception.

```
ConnectorError
├── SourceError         a source that cannot be opened or read
│   └── SourceChanged   a source that changed while it was read
├── SinkError           an output that cannot be written
└── StateError          the campaigns' state: corrupt, of a newer version, or not to be opened
    └── StateLocked     another process holds it
```
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of everything raised by this package.

    Args:
        message: One line: what is wrong, with the file, row and value, and what to do next.
        code: The stable code of the failure, as documented for the command line.
    """

    default_code = "unreadable"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code

    def __reduce__(self) -> tuple[type[ConnectorError], tuple[str, str]]:
        return type(self), (self.message, self.code)


class SourceError(ConnectorError):
    """A source that cannot be opened or read."""


class SourceChanged(SourceError):
    """A source that changed while it was read."""

    default_code = "source_changed"


class SinkError(ConnectorError):
    """An output that cannot be written."""

    default_code = "output_failed"


class StateError(ConnectorError):
    """The campaigns' state: corrupt, of a newer version, or not to be opened."""

    default_code = "state_corrupt"


class StateLocked(StateError):
    """Another process holds the state."""

    default_code = "state_locked"

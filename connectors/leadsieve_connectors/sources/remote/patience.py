"""How long to try again what may go better the next time, and which failures those are."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

_T = TypeVar("_T")

# Timeouts, too many requests and the like; other refusals (4xx) say the same each time.
_PASSING = frozenset((408, 421, 425, 429))
_LASTING = frozenset((501, 505, 511))
_FINAL = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError)
# By name, so that no library is imported for it.
_PASSING_NAMES = frozenset(
    ("ClientConnectionError", "ClientPayloadError", "HTTPClientError", "IncompleteReadError", "SSHException")
)
_FINAL_NAMES = frozenset(
    ("AuthenticationException", "BadHostKeyException", "ClientSSLError", "PasswordRequiredException", "SSLError")
)


class Passing(OSError):
    """A failure that may be gone the next time.

    Args:
        message: What happened, without any secret.
        after: Seconds that the server asks to wait.
    """

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True, slots=True)
class Patience:
    """The limits of trying again.

    Attributes:
        tries: So often the same is tried, without one more byte between.
        breaks: So many failures are borne in one reading of a file, with progress between them.
        seconds: No new try begins so long after the first of the same.
        first_wait: Seconds before the second try; each wait after it is up to twice as long.
        longest_wait: Seconds that no wait exceeds, whatever the server asks for.
        stall_seconds: A connection that gives no byte for so long is broken.
        sleep: Waits so many seconds.
        clock: Gives the seconds since any moment.
    """

    tries: int = 6
    breaks: int = 200
    seconds: float = 180.0
    first_wait: float = 0.5
    longest_wait: float = 30.0
    stall_seconds: float = 30.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


#: What every remote read goes by.
PATIENCE = Patience()


class Tries:
    """The tries of one and the same thing."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._began = patience.clock()
        self.failed = 0

    def wait(self, error: Exception) -> None:
        """Wait before the next try, or raise the error again where there is none.

        Args:
            error: Why the last try failed.
        """
        self.failed += 1
        patience = self._patience
        worn_out = self.failed >= patience.tries or patience.clock() - self._began > patience.seconds
        if worn_out or not is_passing(error):
            raise error
        longest = min(patience.first_wait * 2 ** (self.failed - 1), patience.longest_wait)
        # Readers that failed together do not come back together.
        wait = longest * random.uniform(0.5, 1.0)  # noqa: S311
        patience.sleep(min(max(wait, getattr(error, "after", 0.0)), patience.longest_wait))


def persist(call: Callable[[], _T], renew: Callable[[], None] = lambda: None) -> _T:
    """Return what the call returns, tried again while its failures are passing ones.

    Args:
        call: What to do.
        renew: Called before each further try.
    """
    tries = Tries(PATIENCE)
    while True:
        try:
            if tries.failed:
                renew()
            return call()
        except Exception as error:
            tries.wait(error)


def is_passing(error: BaseException) -> bool:
    """Tell whether a failure may be gone the next time."""
    status = status_of(error)
    if status is not None:
        return status in _PASSING or (status >= 500 and status not in _LASTING)
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, _FINAL) or names & _FINAL_NAMES:
        return False
    return isinstance(error, (OSError, EOFError)) or bool(names & _PASSING_NAMES)


def status_of(error: BaseException | None) -> int | None:
    """Return the HTTP status that an error, or what caused it, tells of; None where it tells of none."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        response: Any = getattr(error, "response", None)
        meta = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
        told = (getattr(error, "status", None), getattr(error, "status_code", None), meta.get("HTTPStatusCode"))
        for status in (*told, getattr(error, "code", None)):
            if isinstance(status, int) and 400 <= status < 600:
                return status
        error = error.__cause__
    return None

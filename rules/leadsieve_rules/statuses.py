"""What diallers call the status of a contact: the headers of its column, and the words in it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from leadsieve_rules.headers import fold_header
from leadsieve_rules.profiles.model import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The field that a column of statuses is mapped to.
STATUS = "status"

_BETWEEN = re.compile(r"[\s_-]+")


def fold_word(word: str) -> str:
    """Reduce a word to what is compared: no case, no spaces, hyphens or underscores.

    Example:
        >>> fold_word(" No-Answer"), fold_word("NO_ANSWER")
        ('noanswer', 'noanswer')
    """
    return _BETWEEN.sub("", word).casefold()


@dataclass(frozen=True, slots=True)
class StatusWords:
    """What `statuses.toml` says.

    Attributes:
        columns: Folded headers of columns that hold a status.
        words: Folded word to the status that it means.
    """

    columns: frozenset[str]
    words: Mapping[str, str]

    def is_column(self, header: str) -> bool:
        """Tell whether a column of this header holds a status."""
        return fold_header(header) in self.columns


@cache
def load_statuses() -> StatusWords:
    """Load `statuses.toml`; every status stands for itself."""
    text = files("leadsieve_rules").joinpath("statuses.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    words = {fold_word(status): status for status in STATUSES}
    words.update({fold_word(word): status for status, known in data["words"].items() for word in known})
    return StatusWords(frozenset(map(fold_header, data["columns"])), words)

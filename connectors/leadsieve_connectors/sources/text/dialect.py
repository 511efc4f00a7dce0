"""The dialect of a text: what separates its cells and what quotes them."""

from __future__ import annotations

from dataclasses import dataclass

from leadsieve_connectors.exceptions import SourceError


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a record are told apart.

    Attributes:
        delimiter: The one character between cells.
        quote: The ASCII character around cells that may hold delimiters and line ends; None where quotes are text.
        escape: The ASCII character that makes a quote, or itself, text inside quotes; None where only doubling does.
            A doubled quote inside quotes is one quote in every dialect.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None


def check_delimiter(delimiter: str) -> str:
    """Return the delimiter that the user named.

    Raises:
        SourceError: `invalid_option` where no text can be split at it.
    """
    if len(delimiter) != 1 or delimiter in '"\r\n\0' or "\ud800" <= delimiter <= "\udfff":
        message = f"the delimiter {delimiter!r} is not one character other than a quote, a line end or NUL"
        raise SourceError(message, "invalid_option")
    return delimiter

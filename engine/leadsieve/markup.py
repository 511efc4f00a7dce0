"""Small tables of HTML for notebooks: escaped, without a script, and in no colour of their own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from leadsieve.wording import printable

_LEFT = 'style="text-align:left"'
_CAPTION = 'style="text-align:left;font-weight:bold;caption-side:top"'


def table(names: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str) -> str:
    """Write a table, whose colours are those of the notebook's theme.

    Args:
        names: The heads of its columns.
        rows: Its cells, as text.
        caption: What stands above it.
    """
    head = "".join(f'<th scope="col" {_LEFT}>{text(name)}</th>' for name in names)
    body = "".join(f"<tr>{''.join(f'<td {_LEFT}>{text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    top = f"<caption {_CAPTION}>{text(caption)}</caption>"
    return f"<table>{top}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def paragraph(said: str) -> str:
    """Write a line of text."""
    return f"<p>{text(said)}</p>"


def block(parts: Sequence[str]) -> str:
    """Put what was written together."""
    return f"<div>{''.join(parts)}</div>"


def text(said: str) -> str:
    """Escape text, so that it is shown as it is and nothing in it hides or is markup."""
    return escape(printable(said))

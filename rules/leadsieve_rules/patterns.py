"""Regular expressions of configuration files: run by an engine that is linear in the text, or refused.

Python's own `re` takes exponential time on patterns such as `(a+)+$`; RE2, which Arrow brings, does not, and refuses
what cannot be had in linear time: look-around and back-references.
"""

from __future__ import annotations


def pattern_fault(pattern: str) -> str | None:
    """Return why a pattern cannot be run in linear time, or None where it can."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.scalar(""), _whole(pattern))
    except pa.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return None


def matches_whole(pattern: str, text: str) -> bool:
    """Tell whether a whole text matches a pattern that has no fault."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pc.match_substring_regex(pa.scalar(text), _whole(pattern)).as_py())


def _whole(pattern: str) -> str:
    return rf"\A(?:{pattern})\z"

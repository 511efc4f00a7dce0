"""One template of a profile, read strictly: a JSON value, or a text, over the names that it may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadsieve_rules.profiles.placeholders import problems, whole_name
from leadsieve_rules.profiles.templates import WHOLE_NAMES
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from leadsieve_rules.profiles.section import Section


def read_template(section: Section, key: str, names: Collection[str]) -> Any:
    """Read a JSON value with placeholders, which must be there.

    Args:
        section: The table with the key.
        key: The key.
        names: The names that the template may use.

    Raises:
        InvalidProfile: It is missing, holds what JSON does not have, or uses another name.
    """
    template = section.body(key)
    _check(section, key, template, names)
    return template


def read_text(section: Section, key: str, names: Collection[str]) -> str:
    """Read a text with placeholders, which must be there.

    Args:
        section: The table with the key.
        key: The key.
        names: The names that the template may use.

    Raises:
        InvalidProfile: It is missing, no text, or uses another name.
    """
    template = section.need(key, str)
    _check(section, key, template, names)
    return template


def _check(section: Section, key: str, template: Any, names: Collection[str]) -> None:
    for wrong in problems(template, names, WHOLE_NAMES):
        name = wrong.strip("{}").removesuffix(":str")
        if name in names:
            section.fail(key, f"{quoted(wrong)} is a list or a table, which has no place in a text; let it stand alone")
        hint = did_you_mean(name, names)
        section.fail(key, f"{quoted(wrong)} is no name or value for this template{hint}")


def check_reference(section: Section, key: str, names: Collection[str]) -> str:
    """Read a text that is one placeholder and nothing else, and return its name.

    Args:
        section: The table with the key.
        key: The key.
        names: The names that it may be.

    Raises:
        InvalidProfile: It is something else.
    """
    text = section.need(key, str)
    name = whole_name(text)
    if name is None or name not in names:
        wanted = " | ".join(f"{{{name}}}" for name in names)
        hint = did_you_mean(text.strip("{}"), names)
        section.fail(key, f"{quoted(text)} is no value for a contact{hint}; it takes {wanted}")
    return name

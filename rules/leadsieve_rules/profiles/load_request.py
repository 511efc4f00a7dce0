"""The request of a profile, read strictly: its body, and what each contact or each line of a file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadsieve_rules.profiles.load_templates import check_reference, read_template
from leadsieve_rules.profiles.model import (
    CONTACT_SHAPES,
    PHONE,
    REQUEST_FORMATS,
    FieldRule,
    RequestTemplate,
    SettingRule,
)
from leadsieve_rules.profiles.placeholders import names_in
from leadsieve_rules.profiles.templates import REQUEST_NAMES, RUN_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_rules.profiles.section import Section

_CONTACTS, _CUSTOM = "contacts", "custom"


def read_request(
    section: Section, fields: Mapping[str, FieldRule], settings: Mapping[str, SettingRule]
) -> RequestTemplate | None:
    """Read `[request]`.

    Args:
        section: The table; an empty one is no request.
        fields: The profile's fields, whose names the contact's members may be, beside `custom`.
        settings: The profile's settings, whose names the body's template may use, secrets too.

    Raises:
        InvalidProfile: The table breaks the format, or a template uses an unknown name.
    """
    if not section:
        return None
    format_ = section.choice("format", REQUEST_FORMATS) or "json"
    csv = format_ == "csv"
    if csv and "contact_as" in section:
        section.fail("contact_as", "is for contacts in a JSON body, and the format is csv")
    names = (*RUN_NAMES, *settings, *(name for name in REQUEST_NAMES if not (csv and name == _CONTACTS)))
    body = {} if csv and "body" not in section else _table(section, "body", names)
    request = RequestTemplate(
        body=body,
        contact=_contact(section.section("contact"), fields),
        format=format_,
        contact_as=section.choice("contact_as", CONTACT_SHAPES) or "object",
        later=_later(section, body, names) if "later" in section else {},
        note=section.value("note", str) or "",
    )
    if not csv:
        _check_contacts(section, request)
    section.done()
    return request


def _table(section: Section, key: str, names: tuple[str, ...]) -> dict[str, Any]:
    section.need(key, dict)
    return dict(read_template(section, key, names))


def _later(section: Section, body: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    later = _table(section, "later", names)
    for key in later:
        if key not in body:
            section.section("later").fail(key, f"is no member of the body; it has {', '.join(body)}")
    return later


def _contact(section: Section, fields: Mapping[str, FieldRule]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in section.names():
        name = check_reference(section, key, (*fields, _CUSTOM))
        if f"{{{name}}}" in found.values():
            section.fail(key, f"{{{name}}} stands in the contact already; name it once")
        found[key] = f"{{{name}}}"
    if f"{{{PHONE}}}" not in found.values():
        section.fail(PHONE, f'is missing; one member of the contact is "{{{PHONE}}}"')
    return found


def _check_contacts(section: Section, request: RequestTemplate) -> None:
    """Refuse a body that does not hold the contacts exactly once, in every request."""
    for key, body in (("body", request.body), ("later", {**request.body, **request.later})):
        if list(names_in(body)).count(_CONTACTS) != 1:
            section.fail(key, f'must hold "{{{_CONTACTS}}}" once')

"""The `zone` of a rule or a setting: an IANA name, or a reference to a setting that gives one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_rules.fields.zones import is_zone
from leadsieve_rules.wording import quoted

if TYPE_CHECKING:
    from leadsieve_rules.profiles.bound import Bindings
    from leadsieve_rules.profiles.section import Section


def take_zone(section: Section, bindings: Bindings, path: tuple[str, ...]) -> str | None:
    """Take `zone` of a table.

    Args:
        section: The table.
        bindings: Takes a reference to a setting.
        path: The keys that lead to the zone in the model.

    Returns:
        The zone; None where there is none, or a setting gives it.

    Raises:
        InvalidProfile: It is no time zone and no setting.
    """
    if bindings.take(section, "zone", "time_zone", path):
        return None
    zone = section.value("zone", str)
    if zone is not None and not is_zone(zone):
        section.fail("zone", f"{quoted(zone)} is no time zone; give an IANA name such as Europe/Berlin")
    return zone

"""What a run's requests are made of: the target system, its settings, and the columns that the run has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadsieve.exceptions import UsageError
from leadsieve_rules.profiles import PHONE, Profile, Settings
from leadsieve_rules.profiles.model import RequestTemplate

#: Where a contact comes from: its file and row.
ORIGIN = ("lead_file", "lead_row")


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """What requests are made of.

    Attributes:
        profile: The target system, settled.
        settings: The settings in force.
        region: Default region of the run, whose numbers are national ones; None means none.
        present: The profile's fields that some source fills, `phone_number` first.
        custom: The custom columns of the accepted rows, in order.
        names: What the run says of itself: a value for each of `RUN_NAMES`.
    """

    profile: Profile
    settings: Settings
    region: str | None
    present: Sequence[str]
    custom: Sequence[str]
    names: Mapping[str, Any]

    @property
    def template(self) -> RequestTemplate:
        """The request of the target system.

        Raises:
            UsageError: The profile has none.
        """
        if self.profile.request is None:
            raise _no_request(self.profile)
        return self.profile.request

    @property
    def columns(self) -> list[str]:
        """The columns of the accepted rows that requests are made of."""
        fields = [name for name in self.present if name != PHONE]
        return [PHONE, *fields, *self.custom, *ORIGIN]


def require_settings(profile: Profile, settings: Settings) -> None:
    """Refuse to prepare requests that the target system would refuse for want of a setting.

    Args:
        profile: The target system.
        settings: The settings in force.

    Raises:
        UsageError: A required setting has no value, or the profile has no request at all.
    """
    if profile.request is None:
        raise _no_request(profile)
    if settings.missing:
        options = " ".join(f"--set {name}=VALUE" for name in settings.missing)
        raise UsageError(
            f"--batches: profile {profile.name} requires {', '.join(settings.missing)} in its requests; "
            f"give {options} (settings={{...}} in Python), or leave --batches out"
        )


def _no_request(profile: Profile) -> UsageError:
    return UsageError(
        f"--batches: profile {profile.name} says nothing of requests; leave --batches out, or add [request] to a copy "
        f"of it (leadsieve profiles {profile.name} > mine.toml)"
    )

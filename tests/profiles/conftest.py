"""The names of a run, as the engine gives them to a profile's templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from leadsieve_rules.profiles import Profile, resolve_settings
from leadsieve_rules.profiles.templates import COUNT_NAMES

RUN: dict[str, Any] = {
    "campaign": "c",
    "campaign_id": "cid",
    "run_id": "0123456789ab",
    "file_name": "f.csv",
    "now": "2026-01-01T00:00:00Z",
    "now_plain": "2026-01-01 00:00:00",
    "completion": "2026-01-01T00:07:00Z",
    "hash": "0123456789abcdef01234567",
    "rejected_file": "out/rejected.csv",
}


@pytest.fixture(name="names_of")
def _names_of() -> Callable[..., dict[str, Any]]:
    """Return what gives every name a value: of settings as given, of counts 0, and what is said beside."""

    def names_of(profile: Profile, settings: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        values = resolve_settings(profile, settings or {}).values
        given = {name: value for name, value in values.items() if value is not None or name not in RUN}
        lists = {"errors": [], "grouped": {}, "reasons": {}, "conditions": []}
        return dict.fromkeys(COUNT_NAMES, 0) | RUN | given | lists | more

    return names_of

"""Where a campaign may call: findings on numbers whose country, prefix or type is not enabled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_rules.findings import Finding
from leadsieve_rules.phone import Phones
from leadsieve_rules.profiles.model import Destinations


def destination_findings(
    phones: Phones, judged: npt.NDArray[np.bool_], destination: Destinations, column: str
) -> list[Finding]:
    """Find the numbers that the campaign may not call.

    Args:
        phones: The numbers.
        judged: bool, as long as `phones`: which rows have a number that is acceptable otherwise.
        destination: What is enabled; an empty list enables all.
        column: The column to name in the findings.

    Returns:
        `country_not_allowed`, `prefix_not_allowed` and `number_type_not_allowed`, each where it has rows.
    """
    refused = {
        "country_not_allowed": _outside(phones.region, destination.countries),
        "prefix_not_allowed": _without_prefix(phones.e164, destination.prefixes),
        "number_type_not_allowed": _outside(phones.number_type, destination.number_types),
    }
    findings = []
    for code, mask in refused.items():
        if mask is not None:
            index = np.flatnonzero(mask.to_numpy(zero_copy_only=False) & judged)
            if len(index):
                findings.append(Finding(code, None, column, index))
    return findings


def _outside(values: pa.Array, allowed: tuple[str, ...]) -> pa.Array | None:
    if not allowed:
        return None
    return pc.invert(pc.fill_null(pc.is_in(values, pa.array(allowed, pa.string())), False))


def _without_prefix(e164: pa.Array, prefixes: tuple[str, ...]) -> pa.Array | None:
    if not prefixes:
        return None
    allowed = pa.array(np.zeros(len(e164), np.bool_))
    for prefix in prefixes:
        allowed = pc.or_(allowed, pc.fill_null(pc.starts_with(e164, f"+{prefix}"), False))
    return pc.invert(allowed)

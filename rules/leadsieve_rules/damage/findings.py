"""The damage step and the kernel's verdicts brought together: the findings about the phone numbers of a chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from leadsieve_rules.damage.reading import Reading, Repair
from leadsieve_rules.findings import Finding
from leadsieve_rules.phone import acceptance
from leadsieve_rules.reasons import REASONS

if TYPE_CHECKING:
    import numpy.typing as npt


def phone_findings(
    reading: Reading,
    cells: pa.Array,
    *,
    column: str,
    has_region: bool | npt.NDArray[np.bool_],
    check: str,
) -> list[Finding]:
    """Say which rows have no acceptable number, and which accepted ones were repaired.

    A row that the damage step rejected is not judged again; a row that is rejected has no repair to speak of.

    Args:
        reading: What `read_phones` gave for `cells`.
        cells: string array: the cells, trimmed, null where empty.
        column: The source column of the numbers, for the findings.
        has_region: Whether a region was given for numbers without a country code; one value, or one a row.
        check: "valid" or "normalise", as in `leadsieve_rules.phone.acceptance`.

    Returns:
        The findings in the order of the reasons table, each of one kind; `repaired_phone` only for accepted rows, with
        what was read in place of the cells.
    """
    rejected = np.zeros(len(cells), bool)
    findings = []
    for rejection in reading.rejections:
        rejected[rejection.index] = True
        values = cells.take(pa.array(rejection.index))
        findings.append(Finding(rejection.code, rejection.detail, column, rejection.index, values))
    for finding in acceptance.phone_findings(reading.phones, cells, column=column, has_region=has_region, check=check):
        stays = ~rejected[finding.index]
        if stays.any():
            values = finding.values.filter(pa.array(stays)) if finding.values is not None else None
            findings.append(Finding(finding.code, finding.detail, column, finding.index[stays], values))
    for finding in findings:
        if REASONS[finding.code].rejects:
            rejected[finding.index] = True
    for repair in reading.repairs:
        kept = _kept(repair, ~rejected)
        if len(kept.index):
            findings.append(Finding("repaired_phone", kept.detail, column, kept.index, kept.before, after=kept.after))
    return sorted(findings, key=lambda finding: REASONS[finding.code].order)


def _kept(repair: Repair, mask: npt.NDArray[np.bool_]) -> Repair:
    stays = pa.array(mask[repair.index])
    return Repair(
        repair.detail,
        repair.index[mask[repair.index]],
        repair.before.filter(stays),
        repair.after.filter(stays),
    )

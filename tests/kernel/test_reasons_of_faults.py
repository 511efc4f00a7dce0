"""Every parse fault of the connectors has its reason in the table of the rules, and no other."""

from leadsieve_connectors.chunk import Fault
from leadsieve_rules.reasons import REASONS


def test_faults_and_reasons_agree() -> None:
    named = [fault for reason in REASONS.values() for fault in reason.faults]
    assert sorted(named) == sorted(Fault)

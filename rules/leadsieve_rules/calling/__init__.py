"""When a number may be called: its possible time zones, and the next window of local calling hours in UTC."""

from leadsieve_rules.calling.hours import CallingHours, parse_hours
from leadsieve_rules.calling.prefixes import UNKNOWN, ZONE_SETS, zone_sets
from leadsieve_rules.calling.times import SCHEMA, CallTimes, call_times

__all__ = [
    "SCHEMA",
    "UNKNOWN",
    "ZONE_SETS",
    "CallTimes",
    "CallingHours",
    "call_times",
    "parse_hours",
    "zone_sets",
]

"""The target systems: one data file each, loaded into a frozen model."""

from leadsieve_rules.profiles.bound import settle
from leadsieve_rules.profiles.load import load_profile, profile_names, profile_text, read_profile
from leadsieve_rules.profiles.model import PHONE, FieldRule, Profile
from leadsieve_rules.profiles.settings import Settings, resolve_settings
from leadsieve_rules.profiles.templates import Answer, render

__all__ = [
    "PHONE",
    "Answer",
    "FieldRule",
    "Profile",
    "Settings",
    "load_profile",
    "profile_names",
    "profile_text",
    "read_profile",
    "render",
    "resolve_settings",
    "settle",
]

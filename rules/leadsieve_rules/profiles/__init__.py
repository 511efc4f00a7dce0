"""The target systems: one data file each, loaded into a frozen model."""

from leadsieve_rules.profiles.answer_schemas import answer_schema
from leadsieve_rules.profiles.bound import settle
from leadsieve_rules.profiles.load import load_profile, profile_names, profile_text, read_profile
from leadsieve_rules.profiles.model import PHONE, FieldRule, Profile
from leadsieve_rules.profiles.settings import Settings, resolve_settings
from leadsieve_rules.profiles.templates import Answer, Listed, campaign_id, render, render_all, render_at_once

__all__ = [
    "PHONE",
    "Answer",
    "FieldRule",
    "Listed",
    "Profile",
    "Settings",
    "answer_schema",
    "campaign_id",
    "load_profile",
    "profile_names",
    "profile_text",
    "read_profile",
    "render",
    "render_all",
    "render_at_once",
    "resolve_settings",
    "settle",
]

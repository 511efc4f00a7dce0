"""Profiles from their files: the built-in ones by name, a user's own by path, strictly read."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from leadsieve_rules.exceptions import InvalidProfile, UnknownProfile, UnknownRegion
from leadsieve_rules.phone.regions import NUMBER_TYPES, check_region
from leadsieve_rules.profiles.bound import Bindings
from leadsieve_rules.profiles.load_answers import read_answers
from leadsieve_rules.profiles.load_fields import read_fields
from leadsieve_rules.profiles.load_request import read_request
from leadsieve_rules.profiles.load_settings import read_settings
from leadsieve_rules.profiles.model import (
    CHECKS,
    FORMATS,
    SCOPES,
    SOURCE_FORMATS,
    STATUSES,
    CustomRule,
    Destinations,
    DuplicateRule,
    Limits,
    PhoneRule,
    Profile,
)
from leadsieve_rules.profiles.section import Section
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def profile_names() -> tuple[str, ...]:
    """Return the names of the built-in profiles, sorted."""
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))
    )


def profile_text(name_or_path: str) -> str:
    """Return a profile's file as it stands: a template to edit.

    Args:
        name_or_path: A built-in profile's name, or the path of a TOML file.

    Raises:
        UnknownProfile: There is no such profile, or its file cannot be read.
        InvalidProfile: The file is not UTF-8.
    """
    names = profile_names()
    try:
        if name_or_path in names:
            return _folder().joinpath(f"{name_or_path}.toml").read_text(encoding="utf-8")
        path = Path(name_or_path)
        if path.suffix == ".toml" or path.name != name_or_path:
            return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidProfile(
            f"profile {quoted(name_or_path)}: not UTF-8 at byte {error.start}; save it as UTF-8"
        ) from error
    except OSError as error:
        raise UnknownProfile(
            f"profile {quoted(name_or_path)} cannot be read: {error.strerror or error}; "
            f"give a TOML file's path or one of {', '.join(names)}"
        ) from error
    raise UnknownProfile(
        f"unknown profile {quoted(name_or_path)}{did_you_mean(name_or_path, names)}; "
        f"the profiles are {', '.join(names)}; a file of your own is named by its path, ending in .toml"
    )


def load_profile(name_or_path: str) -> Profile:
    """Load a profile.

    Args:
        name_or_path: A built-in profile's name, or the path of a TOML file.

    Raises:
        UnknownProfile: There is no such profile, or its file cannot be read.
        InvalidProfile: The file breaks the format; the message names file, section and key.
    """
    return read_profile(profile_text(name_or_path), name_or_path)


def read_profile(text: str, file: str) -> Profile:
    """Read a profile from TOML text.

    Args:
        text: The profile.
        file: The name that messages give it.

    Raises:
        InvalidProfile: The text breaks the format; the message names file, section and key.
    """
    try:
        root = Section(file, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidProfile(f"profile {quoted(file)}: not TOML: {error}") from error
    head = root.section("profile")
    settings, bound = read_settings(root.section("settings"))
    bindings = Bindings(settings)
    fields = read_fields(root.section("fields"), bindings)
    profile = Profile(
        name=head.need("name", str),
        title=head.need("title", str),
        source=head.need("source", str),
        assumed=_assumed(head.section("assumed"), root),
        phone=_phone(root.section("phone")),
        fields=fields,
        custom=_custom(root.section("custom")),
        settings=settings,
        duplicates=_duplicates(root.section("duplicates"), bindings),
        destination=_destination(root.section("destination"), bindings),
        limits=_limits(root.section("limits")),
        answers=read_answers(root.section("answer"), settings),
        request=read_request(root.section("request"), fields, settings),
        bound={**bound, **bindings.found},
    )
    head.done()
    root.done()
    return profile


def _folder() -> Traversable:
    return files("leadsieve_rules").joinpath("profiles")


def _assumed(section: Section, root: Section) -> dict[str, str]:
    """Read what was assumed, and check that each key path is one of the file's."""
    found = {}
    for path in section.names():
        found[path] = section.need(path, str)
        if not root.has(path):
            section.fail(quoted(path), "no such key in this profile; write the key's path, such as limits.bytes")
    return found


def _phone(section: Section) -> PhoneRule:
    region = section.value("default_region", str)
    if region is not None:
        _check_regions(section, "default_region", (region,))
    rule = PhoneRule(
        check=section.choice("check", CHECKS) or "valid",
        format=section.choice("format", FORMATS) or "e164",
        default_region=region,
    )
    section.done()
    return rule


def _custom(section: Section) -> CustomRule:
    rule = CustomRule(max=section.number("max", low=0), container=section.value("container", str))
    section.done()
    return rule


def _duplicates(section: Section, bindings: Bindings) -> DuplicateRule:
    flags: dict[str, bool | None] = {
        key: None if bindings.take(section, key, "boolean", ("duplicates", key)) else section.value(key, bool)
        for key in ("run", "campaign")
    }
    for key in flags:
        if key in section and "scope" in section:
            section.fail(key, "makes the scope, which is said already; leave one of them out")
    statuses = section.texts("statuses", STATUSES)
    rule = DuplicateRule(
        scope=section.choice("scope", SCOPES),
        statuses=STATUSES if statuses is None else statuses,
        age_days=section.number("age_days"),
        delete_first=section.texts("delete_first", STATUSES) or (),
        **flags,
    )
    section.done()
    return rule


def _destination(section: Section, bindings: Bindings) -> Destinations:
    known = {"countries": None, "prefixes": None, "number_types": NUMBER_TYPES}
    rule = Destinations(
        **{
            key: section.texts(key, words) or ()
            for key, words in known.items()
            if not bindings.take(section, key, key, ("destination", key))
        }
    )
    _check_regions(section, "countries", rule.countries)
    for prefix in rule.prefixes:
        if not (prefix.isascii() and prefix.isdigit()):
            section.fail("prefixes", f"{quoted(prefix)} must be digits only, country code first, without +")
    section.done()
    return rule


def _limits(section: Section) -> Limits:
    limits = Limits(
        rows=section.number("rows"),
        bytes=section.number("bytes"),
        row_chars=section.number("row_chars"),
        per_minute=section.number("per_minute"),
        formats=section.texts("formats", SOURCE_FORMATS) or (),
        encodings=section.texts("encodings") or (),
        delimiters=section.texts("delimiters") or (),
        columns=section.texts("columns") or (),
    )
    section.done()
    return limits


def _check_regions(section: Section, key: str, regions: tuple[str, ...]) -> None:
    for region in regions:
        try:
            check_region(region)
        except UnknownRegion as error:
            section.fail(key, error.message)

"""The target system of a run: its profile, settings, region and duplicate rule, and the run's identity made of them."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from leadsieve._version import __version__
from leadsieve.config import Options, Scope
from leadsieve.exceptions import UsageError
from leadsieve_connectors.sources import Source
from leadsieve_rules import phone
from leadsieve_rules.profiles import Profile, Settings, profile_text, read_profile, resolve_settings, settle
from leadsieve_rules.profiles.model import DuplicateRule

#: The packages whose versions decide results or bytes.
_PACKAGES = ("duckdb", "numpy", "pandera", "phonenumbers", "polars", "pyarrow", "tzdata")


@dataclass(frozen=True, slots=True)
class Target:
    """The target system of a run, as the options and its profile settle it.

    Attributes:
        profile: The rules.
        settings: The settings in force; those that are required and missing are named in it.
        region: Default region of numbers without a country code; None means none.
        scope: What a number must not repeat.
        judging: What decides what becomes of a row, as JSON values: options, profile, and what they settle.
    """

    profile: Profile
    settings: Settings
    region: str | None
    scope: Scope
    judging: Mapping[str, Any]

    @property
    def options_fingerprint(self) -> str:
        """Hex SHA-256 that is equal for runs that would judge every row alike."""
        # What is not said is left out, so that an option which a later version brings tells no older run apart.
        return digest({name: value for name, value in self.judging.items() if value not in (None, [], (), {})})

    def fingerprint(self, sources: Sequence[Mapping[str, Any]]) -> str:
        """Return the hex SHA-256 that is equal for runs of the same sources with the same options.

        Args:
            sources: `bytes` and `sha256` of each source, in order.
        """
        return digest([self.options_fingerprint, [[source["bytes"], source["sha256"]] for source in sources]])

    def run_id(self, sources: Sequence[Source], seq: int) -> str:
        """Return the id of a run, before anything is read: begun again after a crash, it has the same one.

        Args:
            sources: The run's sources, of which names and sizes count.
            seq: Its place among the runs of its state; 0 without a campaign.

        Returns:
            Twelve hex digits.
        """
        return digest([self.options_fingerprint, [[source.name, source.size] for source in sources], seq])[:12]


def aim(options: Options, found: Mapping[str, Any] | None = None) -> Target:
    """Load the target system's profile and settle what depends on it.

    Args:
        options: What the user said.
        found: Settings that stand in the sources beside the records. What the profile does not know of them, or takes
            as a secret, is left out; what the user said comes before them.

    Raises:
        RulesError: The profile, a setting or the region is unknown or broken.
    """
    text, profile = load_target(options)
    known = [name for name, rule in profile.settings.items() if not rule.secret]
    given: dict[str, Any] = {name: value for name, value in _flat(found or {}).items() if name in known}
    given.update(_flat(options.settings))
    if options.campaign is not None:
        for name, rule in profile.settings.items():
            if rule.campaign:
                given.setdefault(name, options.campaign)
    settings = resolve_settings(profile, given)
    profile = settle(profile, settings.values)
    profile = replace(profile, duplicates=_duplicates(options, profile.duplicates))
    region = options.region.upper() if options.region is not None else profile.phone.default_region
    phone.check_region(region)
    scope = _scope(options, profile)
    judging = {
        **options.judging(),
        "profile": digest(text),
        "settings": dict(settings.values),
        "region": region,
        "duplicates": scope,
    }
    if options.campaign is None:
        # With nothing imported, a run with other rules is another run. What was imported stays imported.
        deciding = ("leadsieve", "phonenumbers", *(() if options.calling_hours is None else ("tzdata",)))
        judging["versions"] = {package: _version(package) for package in deciding}
    return Target(profile, settings, region, scope, judging)


def load_target(options: Options) -> tuple[str, Profile]:
    """Return the target system's profile, as its file has it and as it is.

    Raises:
        RulesError: It is unknown or broken.
    """
    name = options.profile if options.profile is not None else "plain"
    text = profile_text(name)
    return text, read_profile(text, name)


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without levels: those of a body's object are under its name, a dot and their own."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}.{inner}": deep for inner, deep in _flat(value).items()})
        else:
            flat[name] = value
    return flat


def found_settings(sources: Sequence[Source], told: Collection[str]) -> dict[str, Any]:
    """Return the settings that stand in the sources beside the records.

    Args:
        sources: The run's sources.
        told: Settings that the user said, of which nothing is looked for.

    Raises:
        UsageError: Two sources do not agree on one.
    """
    found: dict[str, tuple[Any, str]] = {}
    for source in sources:
        for name, value in source.settings.items():
            if name in told:
                continue
            other, where = found.setdefault(name, (value, source.name))
            if other != value:
                raise UsageError(
                    f"{where} says {name}={other!r} and {source.name} says {name}={value!r}: clean them in runs of "
                    f"their own, or say which with --set {name}=VALUE"
                )
    return {name: value for name, (value, _) in found.items()}


def _duplicates(options: Options, rule: DuplicateRule) -> DuplicateRule:
    """Settle which contacts make a duplicate: as told, else as the profile says."""
    statuses = rule.statuses if options.duplicate_statuses is None else options.duplicate_statuses
    age_days = rule.age_days if options.duplicate_age is None else options.duplicate_age
    return replace(rule, statuses=statuses, age_days=age_days)


def _scope(options: Options, profile: Profile) -> Scope:
    """Settle the duplicate scope: as told, else the profile's, else the campaign where one is named, else the run."""
    if options.duplicates is not None:
        return options.duplicates
    default: Scope = "campaign" if options.campaign is not None else "run"
    scope: Scope = profile.duplicates.scope or default  # type: ignore[assignment]  # the loader knows no other words
    return "run" if scope in ("campaign", "all") and options.campaign is None else scope


def versions() -> dict[str, str]:
    """Return the versions of what decides results or bytes."""
    return {"leadsieve": __version__, "python": platform.python_version(), **{p: _version(p) for p in _PACKAGES}}


def _version(package: str) -> str:
    if package == "leadsieve":
        return __version__
    try:
        return version(package)
    except PackageNotFoundError:  # an installation without metadata, such as a zipped application
        return "unknown"


def digest(value: Any) -> str:
    """Return the hex SHA-256 of a JSON value, the same wherever it is taken."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()

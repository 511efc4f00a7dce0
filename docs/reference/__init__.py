"""The reference, made from the code's own tables when the site is built. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reference.codes import errors, reasons
from reference.commands import commands, settings
from reference.names import api, headers
from reference.outputs import outputs, run
from reference.profiles import profile_file, profiles

#: Each page by its name, and what writes it.
PAGES: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "settings": settings,
    "reasons": reasons,
    "errors": errors,
    "outputs": outputs,
    "run": run,
    "profiles": profiles,
    "profile-file": profile_file,
    "headers": headers,
    "api": api,
}

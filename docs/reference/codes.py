"""Reasons and error codes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from reference.markdown import DESCRIPTIONS, escaped, table, title

if TYPE_CHECKING:
    pass


def reasons() -> str:
    """Every reason, in the order in which causes count."""
    from leadsieve_rules.reasons import REASONS

    lead = (
        "Every code in `reject_reason`, `errors` and the ledger. The order is the order in which causes count: a "
        "rejected row is counted once, under the first of its reasons here."
    )
    pages = [title("Reasons", lead)]
    for heading, severity in (("Rejected", "reject"), ("Accepted with a warning", "warn")):
        chosen = [reason for reason in REASONS.values() if reason.severity == severity]
        head = ("Reason", "What it says", "Counted in the group")
        rows = [(f"[`{r.code}`](#{r.code})", escaped(r.message), f"`{r.group}`" if r.group else "") for r in chosen]
        pages += [
            f"## {heading}",
            "",
            *(table(head, rows) if severity == "reject" else table(head[:2], [r[:2] for r in rows])),
            "",
        ]
        for reason in chosen:
            pages += [
                f"### {reason.code}",
                "",
                f"**{reason.title}.** {escaped(reason.message)}.",
                "",
                escaped(reason.remedy),
                "",
            ]
            if reason.details:
                pages += [
                    *table(("Detail", "What it says"), [(f"`{k}`", escaped(v)) for k, v in reason.details.items()]),
                    "",
                ]
    return "\n".join(pages)


def error_codes() -> dict[str, type[Exception]]:
    """Return every code that a failure can have, with its class, by exit code."""
    from leadsieve import exceptions

    classes = [
        value
        for value in vars(exceptions).values()
        if isinstance(value, type) and issubclass(value, exceptions.LeadsieveError)
    ]
    codes = {one.default_code: one for one in classes if one is not exceptions.LeadsieveError}
    by_code = {**codes, **exceptions._BY_CODE}  # noqa: SLF001 - the table itself
    return dict(sorted(by_code.items(), key=lambda item: item[1].exit_code))  # type: ignore[attr-defined]


def errors() -> str:
    """Every code of a failure, with its exit code, meaning and remedy."""
    lead = (
        "A run that fails prints one line on stderr, `leadsieve: CODE: what is wrong and what to do next`, and "
        "publishes nothing. From Python it is a `LeadsieveError` with `.code`. A run that is published exits with 0."
    )
    pages = [title("Error codes", lead)]
    by_class: dict[type[Exception], list[str]] = {}
    for code, kind in error_codes().items():
        by_class.setdefault(kind, []).append(code)
    for kind, codes in by_class.items():
        exit_code = "130 or 143" if kind.__name__ == "Interrupted" else kind.exit_code  # type: ignore[attr-defined]
        pages += [
            f"## Exit {exit_code}: {kind.__name__}",
            "",
            inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0],
            "",
        ]
        pages += [
            *table(
                ("Code", "What it means", "What to do"),
                [(f"`{c}`{{ #{c} }}", *DESCRIPTIONS["errors"][c]) for c in codes],
            ),
            "",
        ]
    return "\n".join(pages)

"""The headers and words that are known, and the names that Python gives."""

from __future__ import annotations

import inspect
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from reference.markdown import escaped, table, title

if TYPE_CHECKING:
    pass


def headers() -> str:
    """The names of columns and the words of diallers that are known."""
    rules = files("leadsieve_rules")
    columns = tomllib.loads(rules.joinpath("columns.toml").read_text(encoding="utf-8"))
    statuses = tomllib.loads(rules.joinpath("statuses.toml").read_text(encoding="utf-8"))
    lead = (
        "Headers by which a column is found. Capitals, accents, spaces, punctuation and a number at the end count for "
        "nothing, and a slip of the pen is forgiven where only one name is meant. What is not here is "
        "named with `--map`."
    )
    pages = [title("Known headers and words", lead)]
    for field, known in columns["synonyms"].items():
        groups = known if isinstance(known, dict) else {"": known}
        pages += [f"## {field}", ""]
        pages += [
            f"{f'**{language.capitalize()}**: ' if language else ''}{escaped(', '.join(names))}\n"
            for language, names in groups.items()
        ]
    pages += [
        "## Results of a dialler",
        "",
        "Headers of the column that `leadsieve campaign mark` reads:",
        "",
        ", ".join(statuses["columns"]),
        "",
    ]
    pages += [
        *table(("Status", "Words"), [(f"`{status}`", ", ".join(words)) for status, words in statuses["words"].items()]),
        "",
    ]
    return "\n".join(pages)


def api() -> str:
    """Every public name, by mkdocstrings."""
    import leadsieve

    pages = [title("Python", "Everything that `import leadsieve as ls` gives.")]
    functions = [name for name in leadsieve.__all__ if inspect.isfunction(getattr(leadsieve, name))]
    rest = [getattr(leadsieve, name) for name in leadsieve.__all__ if name not in functions]
    failures = [one for one in rest if issubclass(one, BaseException)]
    groups = (
        ("Functions", [f"leadsieve.{name}" for name in functions]),
        ("Classes", [f"{one.__module__}.{one.__qualname__}" for one in rest if one not in failures]),
        ("Exceptions", [f"{one.__module__}.{one.__qualname__}" for one in failures]),
    )
    for heading, paths in groups:
        pages += [f"## {heading}", "", *(f"::: {path}\n" for path in paths)]
    return "\n".join(pages)

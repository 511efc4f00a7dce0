"""What mkdocs calls when it builds the site: the pages of the reference join those that are written by hand."""

from __future__ import annotations

from typing import Any

from reference import PAGES


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the reference."""
    from mkdocs.structure.files import File

    for name, write in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=write()))
    return files

"""A drawn chart made fit for a page: only shapes and text are left of it, and its colours are the page's own."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

_SVG = "{http://www.w3.org/2000/svg}"
_TAGS = frozenset(("svg", "g", "path", "line", "text"))
_ATTRIBUTES = frozenset(
    (
        *("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "viewBox"),
        *("text-anchor", "font-size", "font-weight"),
    )
)


def inline(drawn: str, *, colours: Mapping[str, str], title: str, description: str, id: str, name: str) -> str:  # noqa: A002
    """Return a chart as an element of a page.

    Whatever is not on the list of plain shapes and their measures is left out, so that no text in it can be anything
    but text.

    Args:
        drawn: The SVG document.
        colours: Class of the page for each colour of the drawing; other colours are left out.
        title: What it is, for those who cannot see it.
        description: What it shows, for the same.
        id: The element's own id.
        name: Its class.
    """
    root = ET.fromstring(drawn)  # noqa: S314 - our own drawing, without entities
    cleaned = _cleaned(root, colours)
    if cleaned is None:
        raise ValueError("the drawing is no SVG")
    cleaned.set("class", name)
    cleaned.set("role", "img")
    cleaned.set("aria-labelledby", f"{id}-title {id}-description")
    for at, (tag, said) in enumerate((("title", title), ("desc", description))):
        told = ET.Element(tag, {"id": f"{id}-{'title' if tag == 'title' else 'description'}"})
        told.text = said
        cleaned.insert(at, told)
    return ET.tostring(cleaned, encoding="unicode")


def _cleaned(element: ET.Element, colours: Mapping[str, str]) -> ET.Element | None:
    tag = element.tag.removeprefix(_SVG)
    if tag not in _TAGS or element.get("class") in ("background", "foreground"):
        return None
    kept = ET.Element(tag, {key: value for key, value in element.items() if key in _ATTRIBUTES})
    classes = [f"{paint}-{colours[at]}" for paint in ("fill", "stroke") if (at := element.get(paint, "")) in colours]
    if classes:
        kept.set("class", " ".join(classes))
    if tag == "text":
        kept.text = element.text
    for child in element:
        inner = _cleaned(child, colours)
        if inner is not None:
            kept.append(inner)
    return kept if len(kept) or tag in ("path", "line", "text") else None

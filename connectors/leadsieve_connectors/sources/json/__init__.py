"""JSON sources: JSON Lines, arrays of objects, and the request bodies of the target systems."""

from leadsieve_connectors.sources.json.source import JsonSource

__all__ = ["JsonSource"]

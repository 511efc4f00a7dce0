"""Rejected files of earlier runs as sources: their rows are read again as rows of the files that they came from."""

from leadsieve_connectors.sources.rejected.marks import NAMES as REJECTED_COLUMNS
from leadsieve_connectors.sources.rejected.marks import is_rejected
from leadsieve_connectors.sources.rejected.source import RestoredSource, restore
from leadsieve_connectors.sources.rejected.text import RejectedText, plain_options, rejected_text

__all__ = [
    "REJECTED_COLUMNS",
    "RejectedText",
    "RestoredSource",
    "is_rejected",
    "plain_options",
    "rejected_text",
    "restore",
]

"""Duplicates: the first row of a number wins, within the run and then against the campaign.

Judged last, in order, and only among rows that no other reason rejects: a rejected row never shadows a later good
one. The first row of a number in the run is judged against the campaign; later ones collide with that first row,
whether it was accepted or not.
"""

from leadsieve.duplicates.finder import Finder, InMemory, Ordinals
from leadsieve.duplicates.first import ROW_BYTES, FirstRows, Outgrown, Prefetched
from leadsieve.duplicates.held import CONTACT_BYTES, Contacts, Held
from leadsieve.duplicates.judging import Duplicates, candidates, row_numbers
from leadsieve.duplicates.loading import Loading, pays_ahead
from leadsieve.duplicates.slices import Slices

__all__ = [
    "CONTACT_BYTES",
    "ROW_BYTES",
    "Contacts",
    "Duplicates",
    "Finder",
    "FirstRows",
    "Held",
    "InMemory",
    "Loading",
    "Ordinals",
    "Outgrown",
    "Prefetched",
    "Slices",
    "candidates",
    "pays_ahead",
    "row_numbers",
]

"""Compressed sources: gzip, bzip2, xz, zstd, and zip with one file in it, unpacked on the way."""

from leadsieve_connectors.sources.packed.file import PackedFile, unpacked
from leadsieve_connectors.sources.packed.paths import split_member
from leadsieve_connectors.sources.packed.signatures import packing_of

__all__ = ["PackedFile", "packing_of", "split_member", "unpacked"]

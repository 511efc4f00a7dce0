"""The zip file that a workbook is: sizes looked at before anything is unpacked, checksums proved on the way."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.excel.markup import DamagedMarkup, UnsafeMarkup
from leadsieve_connectors.sources.storage import describe, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadsieve_connectors.sources.base import ReadOptions

_READ_BYTES = 1 << 20
#: Whatever it is packed to, so much may be unpacked.
_LITTLE = 64 << 20
#: Parts that must be held in memory, such as the list of sheets; the table of strings may be larger.
MAX_PART_BYTES = 32 << 20
MAX_STRINGS_BYTES = 512 << 20
_EXPORT = "save the sheet as CSV and read that"
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, KeyError, OverflowError)
_ENCRYPTED = 1


class Package:
    """An open zip file of parts.

    Args:
        raw: The file, which can be read from any place; closed with the package.
        name: Its name, for errors.
        size: Its bytes; None where unknown.
        options: The limits.

    Raises:
        SourceError: It is damaged, encrypted, or would unpack to more than the limits allow.
    """

    def __init__(self, raw: Any, name: str, size: int | None, options: ReadOptions) -> None:
        self.name = name
        self._raw = raw
        try:
            self._zip = zipfile.ZipFile(raw)
        except Exception as error:
            raw.close()
            raise self.failure(error) from error
        self.parts = {info.filename.lstrip("/").lower(): info for info in self._zip.infolist()}
        try:
            self._check(size, options)
        except SourceError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._raw.close()

    def size(self, part: str) -> int:
        """Return how many bytes the part is said to have."""
        return self._info(part).file_size

    def stream(self, part: str) -> Iterator[bytes]:
        """Unpack a part piece by piece; after the last one its checksum has been proved.

        Raises:
            SourceError: It is missing or damaged.
        """
        info = self._info(part)
        try:
            with self._zip.open(info) as stream:
                while piece := stream.read(_READ_BYTES):
                    yield piece
        except Exception as error:
            raise self.failure(error, part) from error

    def read(self, part: str) -> bytes:
        """Unpack a small part.

        Raises:
            SourceError: It is missing, damaged, or larger than such parts are.
        """
        if self.size(part) > MAX_PART_BYTES:
            message = f"{self.name}: its {part} unpacks to {self.size(part):,} bytes; the limit is {MAX_PART_BYTES:,}"
            raise SourceError(f"{message}; {_EXPORT}", "resource_limit")
        return b"".join(self.stream(part))

    def failure(self, error: Exception, part: str = "") -> SourceError:
        """Return what an error that was met in reading means."""
        if isinstance(error, SourceError):
            return error
        where = f" ({part})" if part else ""
        if isinstance(error, UnsafeMarkup):
            message = f"{self.name}: holds a document type declaration{where}, which no workbook has"
            return SourceError(f"{message}; save it again with Excel", "unsafe_file")
        if isinstance(error, OSError) and not isinstance(error, _DAMAGE):
            return unreadable(self.name, error)
        why = str(error) if isinstance(error, DamagedMarkup) else re.sub(r"^'|'$", "", describe(error))
        message = f"{self.name}: the workbook is damaged{where}: {why}; save it again, or get it again"
        return SourceError(message, "malformed_file")

    def _info(self, part: str) -> zipfile.ZipInfo:
        try:
            return self.parts[part.lower()]
        except KeyError as error:
            raise self.failure(DamagedMarkup(f"its part {part} is missing")) from error

    def _check(self, size: int | None, options: ReadOptions) -> None:
        """Refuse by what the parts are said to be, before any is unpacked."""
        infos = self._zip.infolist()
        if any(info.flag_bits & _ENCRYPTED for info in infos):
            message = f"{self.name}: is encrypted; save it without a password"
            raise SourceError(message, "password_protected")
        total = sum(info.file_size for info in infos)
        if total > options.max_unpacked_bytes:
            message = f"{self.name}: unpacks to {total:,} bytes; the limit (max_unpacked_bytes) is"
            raise SourceError(f"{message} {options.max_unpacked_bytes:,}", "resource_limit")
        packed = size or sum(info.compress_size for info in infos)
        if total > _LITTLE and total > packed * options.max_unpacked_ratio:
            message = f"{self.name}: unpacks to {total:,} bytes, {total // max(1, packed):,} times its size; the limit"
            raise SourceError(f"{message} (max_unpacked_ratio) is {options.max_unpacked_ratio}", "resource_limit")
        strings = max(
            (info.file_size for part, info in self.parts.items() if part.endswith("sharedstrings.xml")), default=0
        )
        if strings > MAX_STRINGS_BYTES:
            message = (
                f"{self.name}: its table of strings unpacks to {strings:,} bytes; the limit is {MAX_STRINGS_BYTES:,}"
            )
            raise SourceError(f"{message}; {_EXPORT}", "resource_limit")

"""A hash of the columns and values of a table that does not depend on how its rows are cut into pieces."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_connectors.sources.arrays import bools, whole

if TYPE_CHECKING:
    from collections.abc import Iterable


class TableDigest:
    """The hash of a table that is taken in pieces.

    Args:
        schema: The table's columns, in plain types (see `typed.Columns`).
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._columns = [_Column(field.type) for field in schema]

    def add(self, table: pa.Table) -> None:
        """Take in the next rows."""
        for column, digest in zip(table.columns, self._columns, strict=True):
            digest.add(whole(column))

    def hexdigest(self) -> str:
        """Return the hex SHA-256."""
        return _sha256(
            part
            for field, column in zip(self._schema, self._columns, strict=True)
            for part in (field.name.encode(), str(field.type).encode(), column.digest())
        ).hexdigest()


class _Column:
    """The hashes of a column: which values are null, how long each is, the values, and the columns nested in it."""

    def __init__(self, kind: pa.DataType) -> None:
        self._valid, self._lengths, self._values = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
        kind = _listed(kind) if pa.types.is_map(kind) else kind
        self._kind = kind
        self._inner = [_Column(kind.field(at).type) for at in range(kind.num_fields)]

    def add(self, array: pa.Array) -> None:
        self._valid.update(bools(array.is_valid()).tobytes())
        kind, array = self._kind, array.drop_null()
        if not len(array) or pa.types.is_null(kind):
            return
        if kind == pa.string():
            _, offsets, data = array.buffers()
            bounds = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
            self._lengths.update(np.diff(bounds).tobytes())
            if data is not None:
                self._values.update(memoryview(data)[bounds[0] : bounds[-1]])
        elif pa.types.is_boolean(kind):
            self._values.update(bools(array).tobytes())
        elif pa.types.is_struct(kind):
            for inner, values in zip(self._inner, array.flatten(), strict=True):
                inner.add(values)
        elif self._inner:
            lists = array.cast(kind)
            self._lengths.update(np.asarray(pc.list_value_length(lists).to_numpy(), np.int32).tobytes())
            self._inner[0].add(lists.flatten())
        else:
            width, values = kind.bit_width // 8, memoryview(array.buffers()[1])
            self._values.update(values[array.offset * width : (array.offset + len(array)) * width])

    def digest(self) -> bytes:
        own = (self._valid.digest(), self._lengths.digest(), self._values.digest())
        return _sha256((*own, *(inner.digest() for inner in self._inner))).digest()


def _listed(kind: pa.DataType) -> pa.DataType:
    """Return the type of lists of pairs that is the same in memory as a type of maps."""
    return pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))


def _sha256(parts: Iterable[bytes]) -> hashlib._Hash:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest

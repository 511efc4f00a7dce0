"""What a sink takes: its schema without the source's metadata, and the check of each table against it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from leadsieve_connectors.exceptions import SinkError


def without_metadata(schema: pa.Schema) -> pa.Schema:
    """Return the schema with the names, types and nullability only."""
    return pa.schema([field.remove_metadata() for field in schema])


def check_schema(path: Path, expected: pa.Schema, given: pa.Schema) -> None:
    """Refuse a table that does not have the sink's columns.

    Args:
        path: The file, for the message.
        expected: The sink's schema.
        given: The table's schema; a column may be dictionary-encoded with values of the expected type.

    Raises:
        SinkError: A column's name or type differs.
    """
    if expected.names != given.names:
        raise SinkError(f"{path}: takes the columns {expected.names}, not {given.names}. Give the sink's columns.")
    for field, other in zip(expected, given, strict=True):
        if value_type(field.type) != value_type(other.type):
            raise SinkError(
                f"{path}: column {field.name!r} takes {field.type}, not {other.type}. Cast it to the sink's type."
            )


def value_type(type_: pa.DataType) -> pa.DataType:
    """Return the type of the values: a dictionary's value type, else the type itself."""
    return type_.value_type if pa.types.is_dictionary(type_) else type_

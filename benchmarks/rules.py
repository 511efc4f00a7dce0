"""A user's schema of eight checks on the lead file, as it would stand beside a campaign: `leadsieve clean --schema`."""

from typing import Any

import pandera.polars as pa
import polars as pl


class Leads(pa.DataFrameModel):
    """Seven checks that pandera knows by name, and one of the user's own."""

    name: str = pa.Field(str_length={"min_value": 2, "max_value": 60}, nullable=False)
    email: str = pa.Field(
        str_matches=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$", str_length={"max_value": 100}, nullable=True
    )
    company: str = pa.Field(str_length={"max_value": 40}, notin=["Test", "N/A"], nullable=True)
    city: str = pa.Field(
        isin=["Austin", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Miami", "Seattle"], nullable=True
    )
    tag: str = pa.Field(str_length={"max_value": 10}, nullable=True)

    @pa.check("company", error="a company is not a web address")
    def no_address(cls, data: Any) -> pl.LazyFrame:  # noqa: N805 - pandera gives the class
        """Refuse a web address for a company."""
        names: pl.LazyFrame = data.lazyframe
        return names.select(~pl.col(data.key).str.contains(r"^https?://"))

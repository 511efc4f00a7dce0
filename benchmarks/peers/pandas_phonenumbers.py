"""pandas, phonenumbers row by row, and a pandera schema: what most teams write first."""

from __future__ import annotations

import warnings
from typing import Any

from benchmarks.peers import Counts, run_peer


def clean(source: str, out: str, _threads: int) -> Counts:
    """Read, normalise, validate, drop duplicates, and write accepted and rejected rows."""
    warnings.simplefilter("ignore")
    import pandas as pd
    import pandera.pandas as pa
    import phonenumbers
    from pandera.errors import SchemaErrors

    def e164(raw: Any) -> str | None:
        if not isinstance(raw, str):
            return None
        try:
            number = phonenumbers.parse(raw, "US")
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_valid_number(number):
            return None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    schema = pa.DataFrameSchema(
        {
            "name": pa.Column(str, pa.Check.str_length(2, 60)),
            "email": pa.Column(
                str,
                [
                    pa.Check.str_matches(r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$"),
                    pa.Check.str_length(max_value=100),
                ],
                nullable=True,
            ),
            "company": pa.Column(
                str,
                [
                    pa.Check.str_length(max_value=40),
                    pa.Check.notin(["Test", "N/A"]),
                    pa.Check(lambda cells: ~cells.str.contains(r"^https?://"), name="no_address"),
                ],
                nullable=True,
            ),
            "city": pa.Column(
                str,
                pa.Check.isin(["Austin", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Miami", "Seattle"]),
                nullable=True,
            ),
            "tag": pa.Column(str, pa.Check.str_length(max_value=10), nullable=True),
        }
    )

    leads = pd.read_csv(source, dtype=str)
    leads["e164"] = leads["phone_number"].map(e164)
    reasons = pd.Series("", index=leads.index)
    reasons[leads["e164"].isna()] = "invalid_phone"
    try:
        schema.validate(leads, lazy=True)
    except SchemaErrors as errors:
        failed = errors.failure_cases["index"].dropna().astype(int).unique()
        reasons[leads.index.isin(failed) & (reasons == "")] = "check_failed"
    good = leads[reasons == ""]
    reasons[good.index[good.duplicated("e164")]] = "duplicate"
    accepted = leads[reasons == ""].assign(phone_number=lambda rows: rows["e164"]).drop(columns="e164")
    rejected = leads.drop(columns="e164").assign(reason=reasons)[reasons != ""]
    accepted.to_parquet(f"{out}/accepted.parquet", compression="zstd")
    rejected.to_parquet(f"{out}/rejected.parquet", compression="zstd")
    return Counts(len(leads), len(accepted), len(rejected))


if __name__ == "__main__":
    run_peer(clean)

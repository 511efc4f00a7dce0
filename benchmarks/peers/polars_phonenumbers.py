"""polars expressions, and phonenumbers row by row."""

from __future__ import annotations

from typing import Any

from benchmarks.peers import Counts, run_peer


def clean(source: str, out: str, _threads: int) -> Counts:
    """Read, normalise, validate, drop duplicates, and write accepted and rejected rows."""
    import phonenumbers
    import polars as pl

    def e164(raw: str) -> str | None:
        try:
            number = phonenumbers.parse(raw, "US")
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_valid_number(number):
            return None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    cities = ["Austin", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Miami", "Seattle"]
    email, company = pl.col("email"), pl.col("company")
    checks = {
        "name": pl.col("name").str.len_chars().is_between(2, 60).fill_null(value=False),
        "email": email.str.contains(r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$"),
        "email_length": email.str.len_chars() <= 100,
        "company": company.str.len_chars() <= 40,
        "company_name": ~company.is_in(["Test", "N/A"]),
        "company_address": ~company.str.contains(r"^https?://"),
        "city": pl.col("city").is_in(cities),
        "tag": pl.col("tag").str.len_chars() <= 10,
    }
    reason: Any = pl.when(pl.col("e164").is_null()).then(pl.lit("invalid_phone"))
    for name, holds in checks.items():
        reason = reason.when(~holds.fill_null(value=True)).then(pl.lit(name))
    leads = pl.read_csv(source, infer_schema=False).with_columns(
        e164=pl.col("phone_number").map_elements(e164, return_dtype=pl.String)
    )
    leads = leads.with_columns(reason=reason.otherwise(None))
    again = pl.col("reason").is_null() & ~pl.col("e164").is_first_distinct().over(pl.col("reason").is_null())
    leads = leads.with_columns(reason=pl.when(again).then(pl.lit("duplicate")).otherwise(pl.col("reason")))
    accepted = leads.filter(pl.col("reason").is_null()).with_columns(phone_number=pl.col("e164"))
    rejected = leads.filter(pl.col("reason").is_not_null())
    accepted.drop("e164", "reason").write_parquet(f"{out}/accepted.parquet", compression="zstd")
    rejected.drop("e164").write_parquet(f"{out}/rejected.parquet", compression="zstd")
    return Counts(leads.height, accepted.height, rejected.height)


if __name__ == "__main__":
    run_peer(clean)

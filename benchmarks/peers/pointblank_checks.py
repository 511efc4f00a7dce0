"""Pointblank on a polars frame: validation alone, and the rows split by it."""

from __future__ import annotations

from benchmarks.peers import Counts, run_peer


def validate(source: str, out: str, _threads: int) -> Counts:
    """Validate the file, and write the rows that pass and those that fail."""
    import pointblank as pb
    import polars as pl

    cities = ["Austin", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Miami", "Seattle"]
    email = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$"
    leads = pl.read_csv(source, infer_schema=False)
    checked = (
        pb.Validate(leads)
        .col_vals_not_null("name")
        .col_vals_regex("name", r"^.{2,60}$", na_pass=True)
        .col_vals_regex("email", email, na_pass=True)
        .col_vals_regex("email", r"^.{0,100}$", na_pass=True)
        .col_vals_regex("company", r"^.{0,40}$", na_pass=True)
        .col_vals_not_in_set("company", ["Test", "N/A"])
        .col_vals_expr(pl.col("company").is_null() | ~pl.col("company").str.contains(r"^https?://"))
        .col_vals_in_set("city", [*cities, None])
        .col_vals_regex("tag", r"^.{0,10}$", na_pass=True)
        .interrogate()
    )
    accepted, rejected = checked.get_sundered_data("pass"), checked.get_sundered_data("fail")
    accepted.write_parquet(f"{out}/accepted.parquet", compression="zstd")
    rejected.write_parquet(f"{out}/rejected.parquet", compression="zstd")
    return Counts(leads.height, accepted.height, rejected.height)


if __name__ == "__main__":
    run_peer(validate)

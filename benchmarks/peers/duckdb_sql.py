"""DuckDB SQL alone, with regular expressions for the phone numbers."""

from __future__ import annotations

from benchmarks.peers import Counts, run_peer

_SQL = r"""
CREATE TABLE leads AS
WITH source AS (
    SELECT row_number() OVER () AS row, *, regexp_replace(phone_number, '[^0-9]', '', 'g') AS digits
    FROM read_csv($source, all_varchar = true, header = true)
),
normalised AS (
    SELECT *, CASE WHEN regexp_full_match(digits, '1?[2-9][0-9]{2}[2-9][0-9]{6}') THEN '+1' || right(digits, 10) END
        AS e164
    FROM source
),
judged AS (
    SELECT *, CASE
        WHEN e164 IS NULL THEN 'invalid_phone'
        WHEN name IS NULL OR length(name) NOT BETWEEN 2 AND 60 THEN 'name'
        WHEN NOT regexp_matches(email, '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$') THEN 'email'
        WHEN length(email) > 100 THEN 'email'
        WHEN length(company) > 40 OR company IN ('Test', 'N/A') OR regexp_matches(company, '^https?://') THEN 'company'
        WHEN city NOT IN ('Austin', 'Boston', 'Chicago', 'Denver', 'El Paso', 'Fresno', 'Miami', 'Seattle') THEN 'city'
        WHEN length(tag) > 10 THEN 'tag'
        END AS fault
    FROM normalised
)
SELECT *, coalesce(fault, CASE WHEN row_number() OVER (PARTITION BY e164, fault ORDER BY row) > 1 THEN 'duplicate' END)
    AS reason
FROM judged
"""
_ACCEPTED = """
COPY (
    SELECT * EXCLUDE (row, digits, e164, fault, reason) REPLACE (e164 AS phone_number)
    FROM leads WHERE reason IS NULL ORDER BY row
) TO '{out}/accepted.parquet' (FORMAT parquet, COMPRESSION zstd)
"""
_REJECTED = """
COPY (SELECT * EXCLUDE (row, digits, e164, fault) FROM leads WHERE reason IS NOT NULL ORDER BY row)
TO '{out}/rejected.parquet' (FORMAT parquet, COMPRESSION zstd)
"""


def clean(source: str, out: str, threads: int) -> Counts:
    """Read, normalise, validate, drop duplicates, and write accepted and rejected rows."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    connection.execute(_SQL, {"source": source})
    quoted = out.replace("'", "''")
    connection.execute(_ACCEPTED.format(out=quoted))
    connection.execute(_REJECTED.format(out=quoted))
    found = connection.execute("SELECT count(*), count(*) FILTER (reason IS NULL) FROM leads").fetchone()
    assert found is not None
    return Counts(found[0], found[1], found[0] - found[1])


if __name__ == "__main__":
    run_peer(clean)

"""The same questions by DuckDB and polars: `cargo xtask bench analytics` runs this.

    python analytics.py DuckDB|polars LAKE QUESTION

Computes a weekly retention grid, or lifetime value by channel at the ages that `tidegauge` takes, from the Parquet
files of the folder, and prints a number to compare, and the most memory that the process had.
"""

import datetime
import resource
import sys
from pathlib import Path

by, lake, question = sys.argv[1:]
trades = str(Path(lake) / "trades" / "**" / "*.parquet")
users = str(Path(lake) / "users" / "**" / "*.parquet")
END = datetime.datetime(2025, 1, 1) + datetime.timedelta(days=420)
AGES = [7, 30, 60, 90, 180, 365]

GRID = f"""
SELECT sum(active)::BIGINT FROM (
    SELECT date_trunc('week', u.signup_at) AS cohort, date_trunc('week', t.executed_at) AS week,
        count(DISTINCT t.user_id) AS active
    FROM read_parquet('{trades}') AS t JOIN read_parquet('{users}') AS u USING (user_id)
    WHERE t.executed_at < TIMESTAMP '{END}' AND t.executed_at >= u.signup_at
    GROUP BY ALL
)
WHERE week + INTERVAL 7 DAY <= TIMESTAMP '{END}'
"""
LTV = f"""
SELECT sum(revenue) FROM (
    SELECT acquisition_channel, sum(fee_amount::DOUBLE) AS revenue,
        {", ".join(
            f"sum(fee_amount::DOUBLE) FILTER (t.executed_at < u.signup_at + INTERVAL {age} DAY) AS d{age}"
            for age in AGES
        )}
    FROM read_parquet('{trades}') AS t JOIN read_parquet('{users}') AS u USING (user_id)
    WHERE t.executed_at < TIMESTAMP '{END}' AND t.executed_at >= u.signup_at
    GROUP BY ALL
)
"""

if by == "DuckDB":
    import duckdb

    duckdb.sql("SET TimeZone = 'UTC'")
    found = duckdb.sql(GRID if question == "retention grid" else LTV).fetchone()[0]
else:
    import polars as pl

    at, signup = pl.col("executed_at"), pl.col("signup_at")
    end = pl.lit(END)
    naive = [at.dt.replace_time_zone(None), signup.dt.replace_time_zone(None)]
    joined = (
        pl.scan_parquet(trades)
        .select("user_id", "executed_at", *([] if question == "retention grid" else ["fee_amount"]))
        .join(
            pl.scan_parquet(users).select("user_id", "signup_at", "acquisition_channel"), on="user_id"
        )
        .with_columns(naive)
        .filter((at < end) & (at >= signup))
    )
    if question == "retention grid":
        grid = (
            joined.select("user_id", cohort=signup.dt.truncate("1w"), week=at.dt.truncate("1w"))
            .group_by("cohort", "week")
            .agg(active=pl.col("user_id").n_unique())
            .filter(pl.col("week") + pl.duration(days=7) <= end)
        )
        found = grid.select(pl.col("active").cast(pl.Int64).sum()).collect(engine="streaming").item()
    else:
        fee = pl.col("fee_amount").cast(pl.Float64)
        ages = [fee.filter(at < signup + pl.duration(days=age)).sum().alias(f"d{age}") for age in AGES]
        found = (
            joined.group_by("acquisition_channel")
            .agg(fee.sum().alias("revenue"), *ages)
            .select(pl.col("revenue").sum())
            .collect(engine="streaming")
            .item()
        )

peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(f"{found:.2f}" if isinstance(found, float) else found, f"{peak} MiB", sep="\t")

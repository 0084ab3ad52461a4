"""The same questions by DuckDB and polars: `cargo xtask bench analytics` runs this.

    python analytics.py DuckDB|polars LAKE QUESTION

Computes a weekly retention grid, lifetime value by channel at the ages that `tidegauge` takes, or the counts and sums of
the report, from the Parquet files of the folder, and prints a number to compare, and the most memory that the process
had. DuckDB has no intervals: for the report it counts and adds up, query by query, what the report shows.
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

PURCHASES = str(Path(lake) / "ramp_transactions" / "**" / "*.parquet")
SPEND = str(Path(lake) / "marketing_spend" / "**" / "*.parquet")
EVENTS = f"""(
    SELECT user_id, 'trade' AS kind, executed_at AS time, quote_amount::DOUBLE AS volume, fee_amount::DOUBLE AS revenue
    FROM read_parquet('{trades}') WHERE executed_at < TIMESTAMP '{END}'
    UNION ALL
    SELECT user_id, 'ramp', created_at, fiat_amount::DOUBLE, fee_usd::DOUBLE
    FROM read_parquet('{PURCHASES}') WHERE status = 'completed' AND created_at < TIMESTAMP '{END}'
)"""
USERS = f"read_parquet('{users}')"
GRID = f"""
SELECT sum(active)::BIGINT FROM (
    SELECT date_trunc('week', u.signup_at) AS cohort, date_trunc('week', t.time) AS week,
        count(DISTINCT t.user_id) AS active
    FROM {EVENTS} AS t JOIN {USERS} AS u USING (user_id) WHERE t.time >= u.signup_at
    GROUP BY ALL
)
WHERE week + INTERVAL 7 DAY <= TIMESTAMP '{END}'
"""
LTV = f"""
SELECT sum(revenue) FROM (
    SELECT acquisition_channel, sum(t.revenue) AS revenue,
        {", ".join(
            f"sum(t.revenue) FILTER (t.time < u.signup_at + INTERVAL {age} DAY) AS d{age}" for age in AGES
        )}
    FROM {EVENTS} AS t JOIN {USERS} AS u USING (user_id) WHERE t.time >= u.signup_at
    GROUP BY ALL
)
"""
ENTRY = f"(SELECT user_id, arg_min(kind, time) AS entry_product FROM {EVENTS} GROUP BY user_id)"
# A cohort of users: its expression, and the tables that it needs beside `u`.
COHORTS = {
    "channel": ("u.acquisition_channel", ""),
    "entry_product": ("e.entry_product", f"LEFT JOIN {ENTRY} AS e USING (user_id)"),
    "country": ("u.country", ""),
    "campaign": ("u.campaign", ""),
    "signup:month": ("date_trunc('month', u.signup_at)", ""),
}
REPORT_AGES = [7, 14, 30, 45, 60, 75, 90]


def retention(period, anchor):
    first = "(SELECT user_id, min(executed_at) AS first FROM read_parquet('%s') GROUP BY user_id)" % trades
    start, table = ("f.first", f"{first} AS f") if anchor == "first_trade" else ("u.signup_at", f"{USERS} AS u")
    return f"""
    SELECT cohort, period, count(DISTINCT user_id) FROM (
        SELECT user_id, date_trunc('{period}', {start}) AS cohort, date_trunc('{period}', t.time) AS period
        FROM {EVENTS} AS t JOIN {table} USING (user_id) WHERE t.time >= {start}
    ) GROUP BY ALL"""


def volume(of):
    cohort, tables = COHORTS[of]
    return f"""
    SELECT {cohort}, count(*), sum(volume), count(*) FILTER (volume >= 10000) FROM (
        SELECT u.user_id, coalesce(sum(t.volume), 0) AS volume
        FROM {USERS} AS u LEFT JOIN {EVENTS} AS t USING (user_id) GROUP BY u.user_id
    ) AS v JOIN {USERS} AS u USING (user_id) {tables} GROUP BY ALL"""


def churn(of):
    cohort, tables = COHORTS[of]
    return f"""
    SELECT {cohort}, count(*), count(*) FILTER (last < TIMESTAMP '{END}' - INTERVAL 30 DAY) FROM (
        SELECT user_id, max(time) AS last FROM {EVENTS} GROUP BY user_id
    ) JOIN {USERS} AS u USING (user_id) {tables} GROUP BY ALL"""


def value(of):
    cohort, tables = COHORTS[of]
    ages = ", ".join(f"sum(t.revenue) FILTER (t.time < u.signup_at + INTERVAL {age} DAY)" for age in REPORT_AGES)
    return f"""
    SELECT {cohort}, sum(t.revenue), {ages}
    FROM {USERS} AS u JOIN {EVENTS} AS t USING (user_id) {tables} GROUP BY ALL"""


REPORT = [
    retention("week", "signup"),
    retention("month", "signup"),
    retention("month", "first_trade"),
    *(question(of) for question in (volume, churn) for of in COHORTS),
    *(value(of) for of in ("channel", "campaign", "entry_product", "signup:month")),
    f"""SELECT tenth, count(*), sum(volume) FROM (
        SELECT volume, ntile(10) OVER (ORDER BY volume DESC) AS tenth
        FROM (SELECT user_id, sum(volume) AS volume FROM {EVENTS} GROUP BY user_id)
    ) GROUP BY tenth""",
    f"SELECT channel, campaign, sum(spend) FROM read_parquet('{SPEND}') GROUP BY ALL",
]

if by == "DuckDB":
    import duckdb

    duckdb.sql("SET TimeZone = 'UTC'")
    if question == "report":
        for query in REPORT:
            duckdb.sql(query).fetchall()
        found = duckdb.sql(f"SELECT count(*) FROM {USERS}").fetchall()[0][0]
    else:
        found = duckdb.sql(GRID if question == "retention grid" else LTV).fetchall()[0][0]
else:
    import polars as pl

    time, signup, end = pl.col("time"), pl.col("signup_at"), pl.lit(END)
    naive = [time.dt.replace_time_zone(None), signup.dt.replace_time_zone(None)]
    is_grid = question == "retention grid"
    traded = pl.scan_parquet(trades).select("user_id", time="executed_at", revenue=pl.col("fee_amount").cast(pl.Float64))
    bought = (
        pl.scan_parquet(PURCHASES)
        .filter(pl.col("status") == "completed")
        .select("user_id", time="created_at", revenue=pl.col("fee_usd").cast(pl.Float64))
    )
    joined = (
        pl.concat([traded, bought])
        .join(pl.scan_parquet(users).select("user_id", "signup_at", "acquisition_channel"), on="user_id")
        .with_columns(naive)
        .filter((time < end) & (time >= signup))
    )
    if is_grid:
        grid = (
            joined.select("user_id", cohort=signup.dt.truncate("1w"), week=time.dt.truncate("1w"))
            .group_by("cohort", "week")
            .agg(active=pl.col("user_id").n_unique())
            .filter(pl.col("week") + pl.duration(days=7) <= end)
        )
        found = grid.select(pl.col("active").cast(pl.Int64).sum()).collect(engine="streaming").item()
    else:
        revenue = pl.col("revenue")
        ages = [revenue.filter(time < signup + pl.duration(days=age)).sum().alias(f"d{age}") for age in AGES]
        found = (
            joined.group_by("acquisition_channel")
            .agg(revenue.sum(), *ages)
            .select(pl.col("revenue").sum())
            .collect(engine="streaming")
            .item()
        )

peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(f"{found:.2f}" if isinstance(found, float) else found, f"{peak} MiB", sep="\t")

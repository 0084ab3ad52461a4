"""The same rows by DuckDB: `cargo xtask bench scan` runs this.

    python scan.py LAKE CONDITION

Streams all columns of the rows of `bench_trades` in the folder that pass, as Arrow batches, and prints the seconds
that it took, the rows and the sum of their ids, and the most memory that the process had.
"""

import sys
import time
from pathlib import Path

import duckdb
import pyarrow.compute as pc

lake, condition = sys.argv[1:]
files = str(Path(lake) / "bench_trades" / "**" / "*.parquet")
start = time.perf_counter()
columns = 'id, user_id, "at", side, price, amount'
query = f"SELECT {columns} FROM read_parquet(?) WHERE {condition}"
rows = total = 0
for batch in duckdb.sql(query, params=[files]).to_arrow_reader(65_536):
    rows += batch.num_rows
    total += pc.sum(batch["id"]).as_py() or 0
took = time.perf_counter() - start
status = Path("/proc/self/status").read_text()
peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
print(f"{took:.6f}\t{rows} rows, {total}\t{peak.removeprefix('VmHWM:').strip()}")

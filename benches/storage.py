"""The same rows by the tools that one would pick instead: `cargo xtask bench storage` runs this.

    python storage.py TOOL STORE URL ROWS.parquet [keys|nokeys]

One load of all rows of the file into a new table `peer`, and on stdout the seconds that it took.

    dlt      postgres, mysql, sqlite   `pipeline.run` of an Arrow table, without Python's imports
    ingestr  postgres, mysql, sqlite   the whole command: it is one program, which reads the file too
    duckdb   parquet                   `COPY` of a table in memory
    pyarrow  parquet                   `write_table` of a table in memory
    polars   parquet                   `write_parquet` of a frame in memory

The URL is postgres://… or mysql://… (dlt's table goes into a schema `peer_dlt`), the path of a file
for sqlite and parquet. What an earlier load left there goes first, the whole file too.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DRIVERS = {"postgres": "postgresql+psycopg2", "mysql": "mysql+pymysql", "sqlite": "sqlite"}


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def place(store, url, scheme):
    """The URL with the scheme that a tool knows the store by."""
    return f"{scheme}:///{Path(url).resolve()}" if store == "sqlite" else scheme + url[len(store) :]


@contextlib.contextmanager
def emptied(store, url, schema, rows):
    """A store without `peer`; afterwards all of the rows must be in it."""
    import pyarrow.parquet as pq
    import sqlalchemy

    engine = sqlalchemy.create_engine(place(store, url, DRIVERS[store]))
    if store == "sqlite":
        for end in ("", "-journal", "-shm", "-wal"):
            Path(url + end).unlink(missing_ok=True)
    else:
        cascade = "CASCADE" if store == "postgres" else ""
        with engine.begin() as owner:
            owner.execute(sqlalchemy.text("DROP TABLE IF EXISTS peer"))
            owner.execute(sqlalchemy.text(f"DROP SCHEMA IF EXISTS peer_dlt {cascade}"))
    yield
    with engine.connect() as owner:
        count = owner.scalar(sqlalchemy.text(f"SELECT count(*) FROM {schema}peer"))
    if count != pq.read_metadata(rows).num_rows:
        sys.exit(f"only {count} rows arrived")


def dlt(store, url, rows, keys):
    # What it keeps of a pipeline goes with the folder, so that each load is a first one.
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DLT_DATA_DIR": folder,
            "DLT_PROJECT_DIR": folder,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "ERROR",
        }
        import dlt
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pq.read_table(rows)
        # Text as polars has it is a type that dlt does not know.
        at = table.schema.get_field_index("side")
        table = table.set_column(at, "side", table["side"].cast(pa.string()))
        hints = {"primary_key": "id"} if keys else {}
        # Parquet is the fastest way into all three: an Arrow table becomes a file of it as it is,
        # where csv and typed-jsonl are written row by row and take 2 to 3 times as long.
        if store == "postgres":
            # The destination of its own has ADBC's binary COPY. It copies files side by side, fastest
            # with one for each of a few cores, and makes no primary key of the hint, only of `unique`
            # the same index.
            part = -(-len(table) // min(os.cpu_count(), 4))
            os.environ["DATA_WRITER__FILE_MAX_ITEMS"] = str(part)
            destination = dlt.destinations.postgres(place(store, url, "postgresql"))
            if keys:
                hints["columns"] = {"id": {"unique": True, "nullable": False}}
        else:
            # INSERTs by SQLAlchemy: dlt has no ADBC for SQLite, and for MySQL with a driver that is not
            # on PyPI. Several files are no faster, nor are mysqlclient and MySQL's own connector.
            part = len(table)
            address = place(store, url, DRIVERS[store])
            destination = dlt.destinations.sqlalchemy(address, create_primary_keys=keys)
        parts = (table.slice(first, part) for first in range(0, len(table), part))
        resource = dlt.resource(parts, name="peer", write_disposition="append", **hints)
        # SQLite's `main` is the file itself; another name would be a file beside it.
        schema = "main" if store == "sqlite" else "peer_dlt"
        pipeline = dlt.pipeline("peer", destination=destination, dataset_name=schema)
        with emptied(store, url, f"{schema}.", rows):
            return timed(lambda: pipeline.run(resource, loader_file_format="parquet"))


def ingestr(store, url, rows, keys):
    # Its default, `replace`, loads a second table and swaps them, which takes twice as long, and
    # without the flag each row gets the time of the load as a seventh column.
    scheme = {"postgres": "postgresql"}.get(store, store)
    command = [Path(sys.executable).with_name("ingestr"), "ingest", "--yes", "--progress=log"]
    command += ["--source-uri", f"parquet://{Path(rows).resolve()}", "--source-table=rows"]
    command += ["--dest-uri", place(store, url, scheme), "--dest-table=peer"]
    command += ["--incremental-strategy=append", "--no-load-timestamp", "--page-size=100000"]
    command += ["--primary-key=id"] if keys else []
    quiet = os.environ | {"DISABLE_TELEMETRY": "true", "INGESTR_DISABLE_TELEMETRY": "true"}

    def run():
        done = subprocess.run(command, env=quiet, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)

    with emptied(store, url, "", rows):
        return timed(run)


def duckdb(url, rows):
    import duckdb

    memory = duckdb.connect()
    memory.execute("CREATE TABLE t AS FROM read_parquet(?)", [rows])
    return timed(lambda: memory.execute(f"COPY t TO '{url}' (FORMAT parquet, COMPRESSION zstd)"))


def pyarrow(url, rows):
    import pyarrow.parquet as pq

    table = pq.read_table(rows)
    return timed(lambda: pq.write_table(table, url, compression="zstd"))


def polars(url, rows):
    import polars as pl

    frame = pl.read_parquet(rows)
    return timed(lambda: frame.write_parquet(url, compression="zstd"))


DATABASES = {"dlt": dlt, "ingestr": ingestr}
FILES = {"duckdb": duckdb, "pyarrow": pyarrow, "polars": polars}

tool, store, url, rows, *rest = sys.argv[1:]
with contextlib.redirect_stdout(sys.stderr):
    if store == "parquet":
        Path(url).unlink(missing_ok=True)
        seconds = FILES[tool](url, rows)
    else:
        seconds = DATABASES[tool](store, url, rows, rest != ["nokeys"])
print(f"{seconds:.6f}")

//! The shared part of the benchmarks of the stores.

use std::fs;

use tidegauge_core::{DataType, Table, TableRef};

/// The environment variable with the path of a Python that has the alternative tools.
pub(crate) const PYTHON: &str = "TIDEGAUGE_BENCH_PYTHON";

/// The type of prices and amounts, the same in every release.
const MONEY: DataType = DataType::Decimal { precision: 28, scale: 8 };

/// Returns the table of trades that is loaded and scanned.
pub(crate) fn table() -> TableRef {
    Table::builder("bench_trades", "Trades")
        .column("id", DataType::Int64, "")
        .column("user_id", DataType::Int64, "")
        .column("at", DataType::Timestamp, "")
        .column("side", DataType::Text, "")
        .column("price", MONEY, "")
        .column("amount", MONEY, "")
        .key(["id"])
        .time("at")
        .build()
        .unwrap()
}

/// Returns a number below 2²⁸ that looks random and depends on `at` alone.
pub(crate) fn mixed(at: i64) -> i64 {
    at.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17) & 0xfff_ffff
}

/// Returns the peak memory of this process, with its unit.
pub(crate) fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown");
    line.trim().to_owned()
}

//! Posts and sentiment from the social tables of a warehouse.

use futures_util::TryStreamExt;
use tidegauge_core::tables::{SocialCount, SocialPost};
use tidegauge_core::{Batch, Filter, Scan, TableRef, Warehouse};

use super::social::{DailySocial, DailySocialParams};
use super::social_rows::SocialRows;
use crate::Result;
use crate::dates::DAY;
use crate::typed_columns::{Nullable, typed_column};

impl DailySocial {
    /// Reads posts and sentiment from a warehouse: the number of posts from `social_counts`, of days
    /// whose intervals cover 24 hours exactly; the sentiment from the scored posts of
    /// `social_posts`, each with the same weight.
    ///
    /// Rows are read in columns and batches: memory grows with instruments and days, not with
    /// posts.
    ///
    /// # Errors
    /// When the warehouse cannot be read; when a sentiment is not between −1 and 1; with
    /// [`BadRows::Fail`](crate::BadRows::Fail) when a row lacks a value.
    pub async fn from_warehouse(
        warehouse: &dyn Warehouse,
        params: &DailySocialParams,
    ) -> Result<Self> {
        read(warehouse, params).await?.finish(params)
    }
}

/// Reads the social tables.
///
/// # Errors
/// When the warehouse cannot be read, or a sentiment is not between −1 and 1.
async fn read(warehouse: &dyn Warehouse, params: &DailySocialParams) -> Result<SocialRows> {
    let mut rows = SocialRows::default();
    let columns = ["symbol", "start_at", "end_at", "posts"];
    let counts = scan(SocialCount::table(), columns, "start_at", params);
    let mut batches = warehouse.scan(&counts).await?;
    while let Some(batch) = batches.try_next().await? {
        add_counts(&mut rows, &batch)?;
    }
    let posts =
        scan(SocialPost::table(), ["symbol", "created_at", "sentiment"], "created_at", params);
    let mut batches = warehouse.scan(&posts).await?;
    while let Some(batch) = batches.try_next().await? {
        add_scores(&mut rows, &batch)?;
    }
    Ok(rows)
}

/// Returns a scan of columns, of the wanted instruments and before the end of observation.
fn scan<const N: usize>(
    table: &TableRef,
    columns: [&str; N],
    time: &str,
    params: &DailySocialParams,
) -> Scan {
    let mut scan = Scan::columns(&table.as_read(), columns);
    if !params.instruments.is_empty() {
        let wanted = params.instruments.iter().map(String::as_str);
        scan = scan.filter(Filter::is_in("symbol", wanted));
    }
    match params.end {
        Some(end) => scan.filter(Filter::range(time, ..end)),
        None => scan,
    }
}

fn add_counts(rows: &mut SocialRows, batch: &Batch) -> Result<()> {
    let symbols = typed_column(batch, "symbol", |column| column.as_text())?;
    let time = |name: &str| typed_column(batch, name, |column| column.as_timestamp());
    let (starts, ends) = (Nullable(time("start_at")?), Nullable(time("end_at")?));
    let posts = Nullable(typed_column(batch, "posts", |column| column.as_i64())?);
    for row in 0..batch.rows() {
        let count = posts.get(row).and_then(|posts| u64::try_from(posts).ok());
        let values = (symbols.get(row), starts.get(row), ends.get(row), count);
        let (Some(symbol), Some(start), Some(end), Some(count)) = values else {
            rows.set_row_aside("social_counts", symbols.get(row));
            continue;
        };
        // An interval of two days, or of none, is of no day: its days stay incomplete.
        let is_of_one_day = end > start && (end - 1).div_euclid(DAY) == start.div_euclid(DAY);
        if is_of_one_day {
            rows.add_posts(symbol, (start, end), count);
        }
    }
    Ok(())
}

fn add_scores(rows: &mut SocialRows, batch: &Batch) -> Result<()> {
    let symbols = typed_column(batch, "symbol", |column| column.as_text())?;
    let times = Nullable(typed_column(batch, "created_at", |column| column.as_timestamp())?);
    let scores = Nullable(typed_column(batch, "sentiment", |column| column.as_f64())?);
    for row in 0..batch.rows() {
        let (Some(symbol), Some(at)) = (symbols.get(row), times.get(row)) else {
            rows.set_row_aside("social_posts", symbols.get(row));
            continue;
        };
        match scores.get(row) {
            Some(score) => rows.add_score("social_posts", (symbol, at), score)?,
            None => rows.see(at),
        }
    }
    Ok(())
}

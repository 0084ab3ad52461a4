//! Columns as the bytes of a Parquet file.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use polars_io::parquet::write::{ParquetCompression, ParquetWriter, StatisticsOptions};
use polars_parquet::write::{
    CompressedPage, Encoding, ParquetType, Version, WriteOptions, ZstdLevel, array_to_columns,
    compress, get_dtype_encoding,
};
use tidegauge_core::polars::error::PolarsResult;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{ArrayRef, ArrowDataType, CompatLevel};

use crate::Result;

/// Rows that have their statistics together.
const GROUP: usize = 1 << 18;

/// Fewer rows than this are not worth a thread.
const FEW: usize = 10_000;

/// The quickest level: what takes the time of a load is to compress it, and a page is not kept for
/// its size. zstd's own choice is 3.
const LEVEL: i32 = 1;

/// The rows as a Parquet file. polars compresses one column after the other; here all cores do.
pub(crate) fn encode(rows: &DataFrame) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let compression = ParquetCompression::Zstd(Some(ZstdLevel::try_new(LEVEL)?));
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: compression.into(),
        data_page_size: None,
    };
    let writer = ParquetWriter::new(&mut bytes).with_compression(compression);
    let mut writer = writer.batched(rows.schema())?;
    let mut from = 0;
    while from < rows.height() {
        let count = GROUP.min(rows.height() - from);
        let mut group = rows.slice(i64::try_from(from).unwrap_or(i64::MAX), count);
        group.rechunk_mut();
        for batch in group.iter_chunks(CompatLevel::newest(), false) {
            let fields = writer.parquet_schema().fields();
            let columns: Vec<_> = batch.columns().iter().zip(fields).collect();
            let pages = compressed(&columns, count, options)?;
            writer.write_row_group(batch.len() as u64, &pages)?;
        }
        from += count;
    }
    writer.finish()?;
    drop(writer);
    Ok(bytes)
}

/// The pages of each column.
fn compressed(
    columns: &[(&ArrayRef, &ParquetType)],
    rows: usize,
    options: WriteOptions,
) -> PolarsResult<Vec<Vec<CompressedPage>>> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(columns.len());
    if rows < FEW || cores < 2 {
        return columns.iter().map(|(array, field)| pages(array, field, options)).collect();
    }
    let waiting = Mutex::new(columns.iter().enumerate());
    let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
    let work = || {
        let mut done = Vec::new();
        while let Some((at, (array, field))) = next() {
            done.push((at, pages(array, field, options)?));
        }
        PolarsResult::Ok(done)
    };
    let mut done = Vec::with_capacity(columns.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            done.extend(worker.join().unwrap_or_else(|it| std::panic::resume_unwind(it))?);
            PolarsResult::Ok(())
        })
    })?;
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, pages)| pages).collect())
}

/// The pages of one column, which is flat.
fn pages(
    array: &ArrayRef,
    field: &ParquetType,
    options: WriteOptions,
) -> PolarsResult<Vec<CompressedPage>> {
    let encoding = match array.dtype() {
        // Numbers and times lie near each other, as rows come: their differences are short, and nothing has to
        // be looked up.
        ArrowDataType::Int64 | ArrowDataType::Timestamp(..) => vec![Encoding::DeltaBinaryPacked],
        // Amounts hardly ever come twice.
        ArrowDataType::Decimal(..) => vec![Encoding::Plain],
        other => get_dtype_encoding(other),
    };
    let leaves = array_to_columns(array, field.clone(), options, &encoding)?;
    let pages = leaves.into_iter().flatten();
    pages.map(|page| Ok(compress(page?, Vec::new(), options.compression)?)).collect()
}

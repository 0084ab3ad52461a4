//! The reading of files of purchases.

use std::sync::Arc;

use tidegauge_acquisition::FileSource;
use tidegauge_acquisition::files::import::{
    Layout, PurchaseColumn, PurchaseFile, inspect_purchases,
};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, Clock, Source};
use tidegauge_report::Business;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::params::AnalyzeParams;
use super::query::{self, QueryFile};
use super::rows::PurchaseRows;
use super::summary::{AnalysisSummary, Unreadable};
use crate::{Error, Result};

/// Reads all files into one set of rows, with the kind of business that they are of, and counts in
/// `summary` what is no purchase.
///
/// # Errors
/// When a file cannot be read, or its columns are not known; if `strict`, for the first row that
/// cannot be read.
pub(super) async fn read(
    params: &AnalyzeParams,
    clock: Arc<dyn Clock>,
    summary: &mut AnalysisSummary,
) -> Result<(PurchaseRows, Business)> {
    let mut rows = PurchaseRows::default();
    let mut business = Business::Shop;
    let query = match &params.query {
        Some(query) => Some(QueryFile::read(query).await?),
        None => None,
    };
    let of_query = query.iter().map(|query| (query.path(), "the query".to_owned()));
    let files = params.files.iter().map(|path| (path.clone(), path.clone())).chain(of_query);
    let files: Vec<(String, String)> = files.collect();
    for (number, (path, name)) in files.iter().enumerate() {
        let file = inspect_purchases(path, &params.hints, clock.now())
            .map_err(|error| Error::Import(Box::new(error)))?;
        describe(name, &file, files.len() > 1, summary);
        if file.layout != Layout::Payments {
            business = Business::Exchange;
        }
        let number = u16::try_from(number).map_err(|_| Error::Setting {
            setting: "FILE",
            reason: "there are more than 65,536 files: a pattern such as 'exports/*.csv' is one"
                .into(),
        })?;
        read_file((&file, number), params, clock.clone(), (&mut rows, summary)).await?;
    }
    let notes = rows.finish(summary);
    if query.is_some() {
        for row in &mut summary.unreadable {
            row.place = query::place(&row.place);
        }
    }
    summary.notes.extend(notes);
    summary.unreadable.sort_by_cached_key(|row| line(&row.place));
    fail_if_strict(params, summary)?;
    rows.keep_last_export(summary);
    Ok((rows, business))
}

/// Adds the findings about a file to the summary.
fn describe(path: &str, file: &PurchaseFile, are_several: bool, summary: &mut AnalysisSummary) {
    summary.files.push(path.to_owned());
    let sentences = file.found.iter().chain(&file.guesses);
    summary.found.extend(sentences.map(|sentence| match are_several {
        true => format!("{path}: {sentence}"),
        false => sentence.clone(),
    }));
}

async fn read_file(
    (file, number): (&PurchaseFile, u16),
    params: &AnalyzeParams,
    clock: Arc<dyn Clock>,
    (rows, summary): (&mut PurchaseRows, &mut AnalysisSummary),
) -> Result<()> {
    // The clocks of services differ, and a day may be of any zone.
    let latest = clock.now() + chrono::TimeDelta::days(1);
    let latest = latest.timestamp_micros();
    let source = FileSource::new(file.entry.clone(), file.table.clone(), clock)?;
    let mut cursor = None;
    loop {
        // The log messages are part of the summary already.
        let page = source.fetch_with_places(cursor.as_ref());
        let (page, places) = page.with_subscriber(NoSubscriber::default()).await?;
        for batch in &page.batches {
            if batch.table().name == Quarantine::table().name {
                set_aside(file, batch, summary)?;
            } else {
                let rule = (params.refunds, latest);
                rows.take((file, number), batch, &places, rule, summary)?;
            }
        }
        fail_if_strict(params, summary)?;
        if page.done {
            break;
        }
        cursor = Some(page.cursor);
    }
    summary.notes.extend(source.take_notes());
    Ok(())
}

/// Adds the rows of the quarantine to those that cannot be read, with the file's names of columns.
fn set_aside(file: &PurchaseFile, batch: &Batch, summary: &mut AnalysisSummary) -> Result<()> {
    let (place, reason) = (batch.column("place")?, batch.column("reason")?);
    for row in 0..batch.rows() {
        let place = place.shown(row).unwrap_or_default();
        let reason = in_terms_of_file(file, &reason.shown(row).unwrap_or_default());
        let row = Unreadable { place, reason };
        summary.rows += 1;
        summary.set_aside(row);
    }
    Ok(())
}

/// Returns a reason with the file's name of the column that it is about, and with the option that
/// changes how its values are read.
fn in_terms_of_file(file: &PurchaseFile, reason: &str) -> String {
    for (column, name) in &file.columns {
        let begins = format!("column `{}`:", column.name());
        if let Some(rest) = reason.strip_prefix(&begins) {
            // Advice on settings is of no use here.
            let advice = [": `currency =", ": `format`", ": `accounting"];
            let rest =
                advice.iter().fold(rest, |rest, begins| rest.split(begins).next().unwrap_or(rest));
            let way = match column {
                PurchaseColumn::Time => "; `--time-format` names the format of times",
                PurchaseColumn::Value | PurchaseColumn::Refunded | PurchaseColumn::Revenue => {
                    "; `--decimal` names the decimal point"
                }
                _ => "",
            };
            return format!("column `{}`:{rest}{way}", name.trim());
        }
    }
    reason.to_owned()
}

/// Returns the error of the first row that cannot be read, if there is one and it is an error.
fn fail_if_strict(params: &AnalyzeParams, summary: &AnalysisSummary) -> Result<()> {
    let first = summary.unreadable.iter().min_by_key(|row| line(&row.place));
    match first.filter(|_| params.strict) {
        None => Ok(()),
        Some(row) => {
            let (place, reason) = (query::place(&row.place), row.reason.clone());
            Err(Error::UnreadableRow { place, reason })
        }
    }
}

/// Returns the file and the number of the line of a place.
fn line(place: &str) -> (String, u64) {
    let (file, number) = place.rsplit_once(':').unwrap_or((place, ""));
    (file.to_owned(), number.parse().unwrap_or(0))
}

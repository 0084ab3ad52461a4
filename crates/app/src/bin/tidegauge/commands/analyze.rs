//! The command `tidegauge analyze`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tidegauge::acquisition::mapping::Formats;
use tidegauge::analytics::Calendar;
use tidegauge::analyze::{
    Analysis, AnalysisSummary, AnalyzeParams, PurchaseColumn, PurchaseHints, QueryInput,
    TableFormat, write_tables,
};
use tidegauge::core::SystemClock;
use tidegauge::report::{Parameters, Report, ReportData};
use tidegauge::{Error, Result};

use crate::args;
use crate::output::{self, Document, Text};

/// The most rows that cannot be read that the text names one by one.
const MAX_SHOWN: usize = 10;

/// The answers, what was read, and the files that were written.
#[derive(Debug, Serialize)]
struct Analyzed<'a> {
    file: String,
    tables: Vec<String>,
    summary: &'a AnalysisSummary,
    #[serde(flatten)]
    data: ReportData<'a>,
}

impl Document for Analyzed<'_> {
    fn text(&self) -> Text {
        let mut text = Text::default();
        let summary = self.summary;
        for sentence in &summary.found {
            text.line(format!("found: {sentence}"));
        }
        text.line("");
        text.line(counts(summary));
        for (reason, rows) in &summary.left_out {
            text.line(format!("  left out, {rows}: {reason}"));
        }
        for row in summary.unreadable.iter().take(MAX_SHOWN) {
            text.line(format!("  set aside: {}, {}", row.place, row.reason));
        }
        let shown = summary.unreadable.len().min(MAX_SHOWN) as u64;
        if summary.set_aside > shown {
            text.line(format!("  set aside: {} more", summary.set_aside - shown));
        }
        text.line("");
        for insight in self.data.pages.iter().flat_map(|page| page.insights) {
            text.line(insight);
            text.line("");
        }
        for set_aside in &self.data.provenance.set_aside {
            text.line(format!("note: {set_aside}"));
        }
        for note in &summary.notes {
            text.line(format!("note: {note}"));
        }
        text.line("");
        text.line(format!("report  {}", self.file));
        if let [first, ..] = self.tables.as_slice() {
            let folder = Path::new(first).parent().unwrap_or(Path::new("."));
            text.line(format!("tables  {} ({} files)", folder.display(), self.tables.len()));
        }
        text
    }
}

/// Returns the sentence with the numbers of rows, users and days.
fn counts(summary: &AnalysisSummary) -> String {
    let noun = |count: u64, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    let mut sentence =
        format!("{}: {}", noun(summary.rows, "row"), noun(summary.purchases, "purchase"));
    if summary.refunds > 0 {
        sentence += &format!(" and {}", noun(summary.refunds, "refund"));
    }
    sentence += &format!(" of {}", noun(summary.users, "user"));
    if let (Some(first), Some(last)) = (summary.first_day, summary.last_day) {
        sentence += &format!(", {first} to {last}");
    }
    if let Some(currency) = &summary.currency {
        sentence += &format!(", in {currency}");
    }
    if summary.set_aside > 0 {
        sentence += &format!("; {} set aside", summary.set_aside);
    }
    sentence
}

/// Reads purchases, writes the report and the tables, and prints what was read and the insights.
pub(crate) async fn analyze(args: args::Analyze) -> Result<()> {
    let parameters = args.definitions.parameters(args.format.zone.as_deref())?;
    let (file, tables, parquet) = (args.report.clone(), args.tables.clone(), args.parquet);
    let analysis = Analysis::read(&params(args, &parameters), Arc::new(SystemClock)).await?;
    let report = analysis.report(&parameters)?;
    tidegauge::report::write(&file, &report.to_html()?)
        .map_err(|error| Error::Write { file: file.clone(), error })?;
    let tables = match tables {
        Some(folder) => write(&report, &folder, parquet)?,
        None => Vec::new(),
    };
    output::print_document(&Analyzed {
        file: file.display().to_string(),
        tables,
        summary: &analysis.summary,
        data: report.data(),
    });
    Ok(())
}

fn write(report: &Report, folder: &Path, parquet: bool) -> Result<Vec<String>> {
    let format = if parquet { TableFormat::Parquet } else { TableFormat::Csv };
    let files = write_tables(report, folder, format)?;
    Ok(files.into_iter().map(|file| file.display().to_string()).collect())
}

/// Returns the parameters of the analysis.
fn params(args: args::Analyze, parameters: &Parameters) -> AnalyzeParams {
    let args::Analyze { files, query, from, columns, format, refunds, only_currency, .. } = args;
    let default = Calendar::default();
    let calendar = Calendar {
        zone: parameters.zone.unwrap_or(default.zone),
        week_start: parameters.week_start.unwrap_or(default.week_start),
    };
    let query = match (query, from) {
        (Some(query), Some(url)) => Some(QueryInput { url: url.into(), query }),
        _ => None,
    };
    AnalyzeParams {
        files,
        query,
        calendar,
        currency_code: format.currency_code.clone(),
        only_currency,
        refunds,
        end: parameters.end,
        strict: args.strict,
        hints: hints(columns, format),
    }
}

fn hints(columns: args::Columns, format: args::Format) -> PurchaseHints {
    let args::Columns {
        user,
        time,
        value,
        quantity,
        revenue,
        refunded,
        currency,
        channel,
        country,
        dimensions,
        id,
        kind,
        status,
        test,
    } = columns;
    let given = [
        (PurchaseColumn::User, user),
        (PurchaseColumn::Time, time),
        (PurchaseColumn::Value, value),
        (PurchaseColumn::Quantity, quantity),
        (PurchaseColumn::Revenue, revenue),
        (PurchaseColumn::Refunded, refunded),
        (PurchaseColumn::Currency, currency),
        (PurchaseColumn::Channel, channel),
        (PurchaseColumn::Country, country),
        (PurchaseColumn::Order, id),
        (PurchaseColumn::Kind, kind),
        (PurchaseColumn::Status, status),
        (PurchaseColumn::Test, test),
    ];
    let columns: BTreeMap<_, _> =
        given.into_iter().filter_map(|(column, name)| Some((column, name?))).collect();
    let day_first = (format.day_first || format.month_first).then_some(format.day_first);
    PurchaseHints {
        columns,
        dimensions,
        zone: format.zone,
        time_format: format.time_format.map(|format| Formats(vec![format])),
        day_first,
        delimiter: format.delimiter,
        decimal: format.decimal,
    }
}

//! The decoder of the ECB's files and replies to plain rows: pure functions of the bytes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use csv::StringRecord;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use tidegauge_core::Crypto;

use crate::bad_rows::RowFilter;
use crate::decode::json_object::Object;
use crate::decode::parse;
use crate::decode::rates;
pub use crate::decode::rates::Rate;
use crate::http::RefusalKind;
use crate::http::classify::Refusal;
use crate::text::cut;
use crate::{Error, Result};

/// Decodes `eurofxref-daily.xml`, `eurofxref-hist-90d.xml` and `eurofxref-hist.xml`, in their order.
///
/// # Behavior
/// Rates are in three nested elements called `Cube`, distinguished by their attributes. A document type is
/// rejected, and with it every entity expansion; so is deep nesting.
///
/// # Errors
/// When `row_filter` fails on a bad rate, or the file has another shape or is truncated.
pub fn eurofxref_xml(body: &[u8], row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
    /// The maximum depth of elements; the files have four levels.
    const MAX_DEPTH: usize = 8;
    let wrong = |reason: String| Error::decode(XML, "the whole", cut(&reason, 120));
    let mut reader = Reader::from_reader(without_bom(body));
    let (mut depth, mut day, mut rates) = (0usize, None, Vec::new());
    let mut found = false;
    loop {
        let event = reader.read_event().map_err(|error| wrong(error.to_string()))?;
        let tag = match &event {
            Event::Start(tag) | Event::Empty(tag) => tag,
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            Event::DocType(_) => return Err(wrong("it declares a document type".into())),
            Event::Text(text) if depth == 0 && !text.trim_ascii().is_empty() => {
                return Err(wrong("it is not XML".into()));
            }
            Event::Eof => break,
            _ => continue,
        };
        if depth == 0 {
            let root = tag.local_name();
            if found || root.as_ref() != b"Envelope" {
                let root = String::from_utf8_lossy(root.as_ref()).into_owned();
                return Err(wrong(format!("it is `{root}`, not the ECB's one `Envelope`")));
            }
            found = true;
        }
        if matches!(event, Event::Start(_)) {
            depth += 1;
        }
        if depth > MAX_DEPTH {
            return Err(wrong("its elements are nested too deep".into()));
        }
        if tag.local_name().as_ref() == b"Cube" {
            cube(tag, &mut day, &mut rates, row_filter)?;
        }
    }
    if depth > 0 || !found {
        return Err(wrong("it ends in the middle".into()));
    }
    Ok(rates)
}

const XML: &str = "eurofxref.xml";

/// Processes a `Cube`: of all days, of a day, or of a currency on that day.
fn cube(
    tag: &BytesStart<'_>,
    day: &mut Option<NaiveDate>,
    rates: &mut Vec<Rate>,
    row_filter: &mut RowFilter,
) -> Result<()> {
    let (mut time, mut currency, mut rate) = (None, None, None);
    for attribute in tag.attributes() {
        let attribute =
            attribute.map_err(|error| Error::decode(XML, "Cube", cut(&error.to_string(), 120)))?;
        // A value with escapes is neither a day, nor a currency, nor a number.
        let value = String::from_utf8_lossy(&attribute.value).into_owned();
        match attribute.key.as_ref() {
            b"time" => time = Some(value),
            b"currency" => currency = Some(value),
            b"rate" => rate = Some(value),
            _ => {}
        }
    }
    if let Some(time) = time {
        *day = Some(parse::date(XML, "time", &time)?);
    }
    if currency.is_none() && rate.is_none() {
        return Ok(());
    }
    let day = day.ok_or_else(|| Error::decode(XML, "time", "it is missing"))?;
    let (currency, rate) = (currency.unwrap_or_default(), rate.unwrap_or_default());
    rates.extend(checked_rate(day, &currency, &rate, "rate", row_filter)?);
    Ok(())
}

/// Decodes `eurofxref.csv` and `eurofxref-hist.csv`, extracted from their zip files, in their order.
///
/// # Behavior
/// `N/A` and empty cells are missing rates. Days are written `2026-04-13` or `13 April 2026`.
///
/// # Errors
/// When `row_filter` fails on a bad rate, or the file has another shape.
pub fn eurofxref_csv(body: &[u8], row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
    const CSV: &str = "eurofxref.csv";
    let mut lines = lines(CSV, body);
    let header = lines.next().unwrap_or_else(|| Ok(StringRecord::new()))?;
    if header.get(0) != Some("Date") {
        return Err(Error::decode(CSV, "Date", "it is missing"));
    }
    let mut rates = Vec::new();
    for line in lines {
        let line = line?;
        let text = line.get(0).unwrap_or_default();
        let day = NaiveDate::parse_from_str(text, "%d %B %Y")
            .or_else(|_| parse::date(CSV, "Date", text))?;
        // Every line ends with a comma, so that the last column has no name.
        for (currency, rate) in header.iter().zip(&line).skip(1) {
            if !(currency.is_empty() && rate.is_empty()) && has_rate(rate) {
                rates.extend(checked_rate(day, currency, rate, "rate", row_filter)?);
            }
        }
    }
    Ok(rates)
}

/// Decodes `/service/data/EXR/…?format=csvdata`, by currency, each oldest first. Columns are found by their
/// names; an empty reply has no rates.
///
/// # Errors
/// When `row_filter` fails on a bad rate, or the reply has another shape, or rates that are not daily or not in
/// euro.
pub fn exr_csv(body: &[u8], row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
    const EXR: &str = "EXR";
    let mut lines = lines(EXR, body);
    let Some(header) = lines.next() else { return Ok(Vec::new()) };
    let header = header?;
    let columns: BTreeMap<_, _> = header.iter().enumerate().map(|(at, name)| (name, at)).collect();
    let column = |name: &str| {
        columns.get(name).copied().ok_or_else(|| Error::decode(EXR, name, "it is missing"))
    };
    let (currency, day, rate) = (column("CURRENCY")?, column("TIME_PERIOD")?, column("OBS_VALUE")?);
    let mut rates = Vec::new();
    for line in lines {
        let line = line?;
        let cell = |at: usize| line.get(at).unwrap_or_default();
        for (name, right) in [("CURRENCY_DENOM", "EUR"), ("FREQ", "D")] {
            if let Some(at) = columns.get(name)
                && cell(*at) != right
            {
                return Err(Error::value(EXR, name, cell(*at), "which was not asked for"));
            }
        }
        let rate = cell(rate);
        if has_rate(rate) {
            let day = parse::date(cell(currency), "TIME_PERIOD", cell(day))?;
            rates.extend(checked_rate(day, cell(currency), rate, "OBS_VALUE", row_filter)?);
        }
    }
    Ok(rates)
}

/// Returns the lines of a CSV file, which all have the same number of cells.
fn lines<'a>(of: &'static str, body: &'a [u8]) -> impl Iterator<Item = Result<StringRecord>> + 'a {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(without_bom(body));
    let broken = move |error: csv::Error| Error::decode(of, "a line", cut(&error.to_string(), 120));
    reader.into_records().map(move |line| line.map_err(broken))
}

/// Returns the text after a byte order mark, if there is one.
fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Returns `false` for the markers of a day without a rate.
fn has_rate(rate: &str) -> bool {
    !matches!(rate, "" | "N/A" | "NaN")
}

/// Returns the rate if it is valid, or `None` if `row_filter` quarantined it.
fn checked_rate(
    date: NaiveDate,
    currency: &str,
    rate: &str,
    field: &str,
    row_filter: &mut RowFilter,
) -> Result<Option<Rate>> {
    let read = |()| {
        let rate: Crypto = parse::price(currency, field, rate)?;
        Ok(Rate { date, base: "EUR".into(), quote: currency.into(), rate })
    };
    row_filter.pass(
        rates::check_code("euro rates", currency).and_then(read),
        || format!("{date} {currency}"),
        || rate.into(),
    )
}

/// Returns the refusal in a reply of the data API, if there is one: a `detail` or a `title`.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let fields = Object::parse("error", body).ok()?;
    let message = fields.text("detail").or_else(|_| fields.text("title")).ok()?;
    Some(Refusal { code: None, message, kind: RefusalKind::Other, advice: "" })
}

/// The message of the data API, with the status 404, if it has no rates.
pub(super) const NO_RESULTS: &str = "No results found";

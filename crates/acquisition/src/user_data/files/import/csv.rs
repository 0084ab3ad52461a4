//! Schema inference of CSV, first part: the encoding, the dialect, and the lines that are rows.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::inspection::Guess;
use super::sample::{FileHead, ROWS, Sample};
use super::words;
use crate::user_data::files::config::Config;
use crate::user_data::files::dialect::Dialect;
use crate::user_data::files::encoding::Encoding;
use crate::user_data::files::splitter::Splitter;
use crate::user_data::files::text::line_end;
use crate::{Error, Result};

/// The delimiters that are tried, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The number of records by which the dialect is chosen.
const DIALECT_RECORDS: usize = 1_000;

/// The number of lines at the end that may be totals.
const MAX_TOTAL_LINES: usize = 20;

/// A CSV record: its text, and its cells.
#[derive(Debug, Clone)]
struct Record<'t> {
    raw: &'t str,
    cells: Vec<String>,
}

/// The records of a file in a dialect, and a score of how well that fits.
struct CsvShape<'t> {
    dialect: Dialect,
    records: Vec<Record<'t>>,
    /// The number of cells that most records have.
    width: usize,
    /// The index of the header among the records, if there is one.
    header: Option<usize>,
    score: f64,
}

/// Returns the first rows of a CSV file, whose cells are delimited by `delimiter` if that is given.
pub(super) fn sample(
    path: &Path,
    name: &str,
    head: &FileHead,
    delimiter: Option<u8>,
) -> Result<Sample> {
    let broken = |reason: String| Error::File { path: path.display().to_string(), reason };
    let mut sample = Sample::default();
    let (encoding, mark) = encoding(head, &mut sample).map_err(broken)?;
    let mut text = Vec::new();
    let decoded = encoding.decode(&head.bytes[mark..]).read_to_end(&mut text);
    decoded.map_err(|error| broken(error.to_string()))?;
    let text = String::from_utf8_lossy(&text);
    let text = text.trim_start_matches('\u{feff}');
    let end = line_end(text.as_bytes(), Some(b'"'));
    let best = |delimiters: &[u8]| best_shape(text, end, delimiters);
    let asked = delimiter.map(|delimiter| vec![delimiter]);
    let shape = best(asked.as_deref().unwrap_or(&DELIMITERS));
    let mut shape = shape.ok_or_else(|| broken("it has no line".into()))?;
    if shape.width == 1 && delimiter.is_none() {
        let columns = best(&[Dialect::BLANKS]).filter(CsvShape::has_columns);
        shape = columns.unwrap_or(shape);
    }
    if shape.records.len() >= DIALECT_RECORDS {
        shape.records = records(text, shape.dialect, end, 2 * ROWS);
    }
    if !head.is_whole {
        // The last record may be incomplete.
        shape.records.pop();
    }
    describe(&mut sample, name, &shape)?;
    if head.is_whole {
        shape.footer(&mut sample.config, &mut sample.found);
    }
    shape.rows(&mut sample);
    Ok(sample)
}

/// Returns the shape of `text` in the dialect that fits it best, of those with these delimiters.
fn best_shape<'t>(text: &'t str, end: u8, delimiters: &[u8]) -> Option<CsvShape<'t>> {
    delimiters
        .iter()
        .flat_map(|delimiter| {
            [Some(b'"'), Some(b'\''), None].map(|quote| Dialect { delimiter: *delimiter, quote })
        })
        .map(|dialect| CsvShape::new(records(text, dialect, end, DIALECT_RECORDS), dialect))
        .reduce(|best, other| if other.score > best.score + 1e-9 { other } else { best })
}

/// Returns the encoding of the file, and the number of bytes of its byte order mark.
fn encoding(head: &FileHead, sample: &mut Sample) -> Result<(Encoding, usize), String> {
    let bytes = &head.bytes;
    match Encoding::of(bytes, None) {
        Ok((encoding, mark)) if encoding != Encoding::UTF_8 => {
            sample.found.push(format!("{encoding}, as its byte order mark says"));
            return Ok((encoding, mark));
        }
        Ok((encoding, mark)) => match std::str::from_utf8(bytes) {
            Ok(_) => return Ok((encoding, mark)),
            Err(error) if error.error_len().is_none() && !head.is_whole => {
                return Ok((encoding, mark));
            }
            Err(_) => {}
        },
        Err(error) => {
            let candle_key = match bytes.as_slice() {
                [0, 1..=255, ..] => "utf-16be",
                [1..=255, 0, ..] => "utf-16le",
                _ => return Err(error.to_string()),
            };
            let encoding: Encoding = candle_key.parse()?;
            sample.config.encoding = Some(encoding);
            sample.guesses.push(Guess::note(format!(
                "the text is taken for {encoding}: every other byte of its beginning is zero"
            )));
            return Ok((encoding, 0));
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, head.is_whole);
    let candle_key = detector.guess(None, Utf8Detection::Deny).name();
    let encoding: Encoding = candle_key.parse()?;
    sample.config.encoding = Some(encoding);
    sample.guesses.push(Guess::note(format!(
        "the text is taken for {encoding}, as it is no UTF-8: look at letters with accents in the rows below"
    )));
    Ok((encoding, 0))
}

/// Returns the first records of `text`, at most `most`, without blank ones.
fn records(text: &str, dialect: Dialect, end: u8, most: usize) -> Vec<Record<'_>> {
    let mut splitter = Splitter::new(dialect, end);
    let (mut found, mut start, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive(char::from(end)) {
        at += line.len();
        if !splitter.ends(line.as_bytes()) && at < text.len() {
            continue;
        }
        let raw = &text[start..at];
        start = at;
        if raw.trim().is_empty() {
            continue;
        }
        // An unclosed quote has swallowed the rest; such a record has no cells.
        let cells = splitter.cells(raw.as_bytes());
        let cells = cells.map(|cells| cells.iter().map(ToOwned::to_owned).collect());
        found.push(Record { raw, cells: cells.unwrap_or_default() });
        splitter.restart();
        if found.len() == most {
            break;
        }
    }
    found
}

impl<'t> CsvShape<'t> {
    fn new(records: Vec<Record<'t>>, dialect: Dialect) -> Self {
        let mut widths = BTreeMap::<usize, usize>::new();
        for record in &records {
            *widths.entry(record.cells.len()).or_default() += 1;
        }
        let usual = widths.iter().filter(|(width, _)| **width > 1).max_by_key(|(_, count)| **count);
        let (width, count) = usual.map_or((1, 0), |(width, count)| (*width, *count));
        let header = header(&records, width);
        let mut score = ratio(count, records.len());
        if width > 1 {
            score += if header.is_some() { 0.25 } else { 0.0 };
            score += ratio(width.min(20), 1_000);
        }
        // Quotes around most records' cells are not part of the values; a quote within words is
        // text.
        let quoted = |record: &&Record<'_>| {
            dialect.quote.is_some_and(|quote| is_quoted(record.raw, quote, dialect.delimiter))
        };
        let quoted = records.iter().filter(quoted).count();
        score += match dialect.quote {
            Some(b'"') => 0.002,
            Some(_) if quoted * 2 > records.len() => 0.003,
            Some(_) => -0.01,
            None => 0.0,
        };
        Self { dialect, records, width, header, score }
    }

    /// Returns `true` if nearly all records have the same number of cells, at least three, so that
    /// blanks between words are columns and no text.
    fn has_columns(&self) -> bool {
        let usual = self.records.iter().filter(|record| record.cells.len() == self.width).count();
        self.width >= 3 && usual * 10 >= self.records.len() * 9
    }

    /// Stores the rows below the header, and the column names, in `sample`.
    fn rows(&self, sample: &mut Sample) {
        let first = self.header.map_or(0, |at| at + 1 + sample.config.skip_after_header);
        let value = |cell: &String| Some(cell.clone()).filter(|cell| !cell.trim().is_empty());
        let totals = &sample.config.footer_starts_with;
        let is_row = |row: &&Record<'_>| {
            let line = row.raw.trim_start_matches('"');
            row.cells.len() == self.width && !totals.iter().any(|total| line.starts_with(total))
        };
        let rows = self.records.iter().skip(first).filter(is_row);
        sample.rows = rows.take(ROWS).map(|row| row.cells.iter().map(value).collect()).collect();
        sample.names = match self.header {
            Some(at) => self.records[at].cells.clone(),
            None => (1..=self.width).map(|number| number.to_string()).collect(),
        };
    }

    /// Finds the beginnings of lines at the end of the file that are totals.
    fn footer(&self, config: &mut Config, found: &mut Vec<String>) {
        let first = self.header.map_or(0, |at| at + 1);
        let rows = self.records.get(first..).unwrap_or_default();
        let last = rows.len().saturating_sub(MAX_TOTAL_LINES).max(1);
        for record in rows.get(last..).unwrap_or_default() {
            let word = record.cells.iter().find(|cell| !cell.trim().is_empty());
            // `Summe und Sohn` in a record without blank cells is a name.
            let has_gap = || record.cells.iter().any(|cell| cell.trim().is_empty());
            let is_total = word.is_some_and(|word| {
                words::is_total_alone(word) || words::is_total(word) && has_gap()
            });
            if !is_total && record.cells.len() == self.width {
                continue;
            }
            let Some(word) = word.filter(|word| !word.trim().is_empty()) else { continue };
            // Up to the end of the cell with the first word, including blank cells before it:
            // `Summe;` does not match `Summer AG;`.
            let ends = record.raw.find(word.as_str()).map(|at| at + word.len());
            let ends = ends.map(|at| at + self.cell_end(&record.raw[at..]));
            let begins = ends.and_then(|end| record.raw.get(..end)).unwrap_or(word);
            let begins = begins.trim_start_matches('"').lines().next().unwrap_or_default();
            let begins = match begins.len() {
                ..=60 => begins.to_owned(),
                _ => prefix(begins),
            };
            let is_row = |row: &&Record<'_>| {
                row.cells.len() == self.width
                    && row.raw.trim_start_matches('"').starts_with(&begins)
            };
            // Totals of groups occur among the rows as well.
            let are_totals = || {
                let above = rows[..last].iter().filter(is_row);
                let is_total =
                    |record: &&Record<'_>| record.cells.iter().any(|cell| cell.trim().is_empty());
                words::is_total(word) && above.clone().all(|record| is_total(&record))
            };
            let is_rare = rows[..last].iter().filter(is_row).count() == 0 || are_totals();
            if is_rare && !begins.trim().is_empty() && !config.footer_starts_with.contains(&begins)
            {
                found.push(format!("lines that begin with `{begins}` are no rows"));
                config.footer_starts_with.push(begins);
            }
        }
    }
}

impl CsvShape<'_> {
    /// Returns the number of bytes at the start of `rest` that end a cell: a quote, if there is
    /// one, and the delimiter. It is 0 if no delimiter follows.
    fn cell_end(&self, rest: &str) -> usize {
        let quote = self.dialect.quote.map(char::from);
        let after = quote.and_then(|quote| rest.strip_prefix(quote)).unwrap_or(rest);
        match after.strip_prefix(char::from(self.dialect.delimiter)) {
            Some(after) => rest.len() - after.len(),
            None => 0,
        }
    }
}

/// Stores the dialect and layout of the file in `sample`.
fn describe(sample: &mut Sample, name: &str, shape: &CsvShape<'_>) -> Result<()> {
    let Dialect { delimiter, quote } = shape.dialect;
    let config = &mut sample.config;
    let usual = config.dialect(name)?;
    if shape.width > 1 && delimiter != usual.delimiter {
        config.delimiter = Some(char::from(delimiter));
    }
    if quote != usual.quote {
        config.quote = quote.map(char::from).map(String::from).unwrap_or_default();
    }
    let between = match delimiter {
        b'\t' => "a tab".to_owned(),
        Dialect::BLANKS => "blanks".to_owned(),
        sign => format!("`{}`", char::from(sign)),
    };
    sample.found.insert(0, format!("CSV, {between} between cells"));
    let comments = shape.records.iter().filter(|record| record.raw.starts_with('#'));
    let is_comment = comments.clone().next().is_some()
        && comments.clone().all(|record| record.cells.len() != shape.width)
        && shape.header.is_none_or(|at| !shape.records[at].raw.starts_with('#'));
    if is_comment {
        config.comment = Some("#".into());
        sample.found.push("lines that begin with `#` are comments".into());
    }
    match shape.header {
        None => {
            config.header = false;
            sample.guesses.push(Guess::note(
                "there is no header, since the first line has values in it: columns are called `1`, `2`, …".into(),
            ));
        }
        Some(0) => {}
        Some(at) => {
            let header = prefix(shape.records[at].raw.trim_end_matches(['\r', '\n']));
            sample
                .found
                .push(format!("{at} {} above the header, which begins with `{header}`", noun(at)));
            config.header_starts_with = Some(header);
        }
    }
    if let Some(at) = shape.header
        && is_units(&shape.records, at, shape.width)
    {
        sample.config.skip_after_header = 1;
        sample.found.push("a line of units below the header".into());
    }
    Ok(())
}

fn noun(lines: usize) -> &'static str {
    if lines == 1 { "line" } else { "lines" }
}

/// Returns the beginning of a line, at most 60 characters, by which it is recognized.
fn prefix(line: &str) -> String {
    line.char_indices().nth(60).map_or(line, |(end, _)| &line[..end]).trim_end().to_owned()
}

/// Returns the index of the header: the first record that has the usual width, if it names columns.
/// Titles above it may be padded to that width, as spreadsheets do.
fn header(records: &[Record<'_>], width: usize) -> Option<usize> {
    let filled =
        |record: &Record<'_>| record.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
    let is_wide = |record: &Record<'_>| record.cells.len() == width && filled(record) * 2 >= width;
    let (at, first) = records.iter().enumerate().find(|(_, record)| is_wide(record))?;
    let cells = || first.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    let mut distinct: Vec<_> = cells().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let count = cells().count();
    let is_header =
        count > 0 && distinct.len() * 10 >= count * 9 && cells().all(|cell| !is_value(cell));
    is_header.then_some(at)
}

/// Returns `true` if the record below the header has the units of its columns instead of values:
/// words where the rows below it have values.
fn is_units(records: &[Record<'_>], header: usize, width: usize) -> bool {
    let mut rows = records[header + 1..].iter().filter(|record| record.cells.len() == width);
    let Some(first) = rows.next() else { return false };
    let rows: Vec<_> = rows.take(50).collect();
    let mut valued = 0;
    for at in 0..width {
        let is_valued = |row: &&&Record<'_>| is_value(row.cells[at].trim());
        let count = rows.iter().filter(is_valued).count();
        if rows.is_empty() || count * 10 < rows.len() * 9 {
            continue;
        }
        let cell = first.cells[at].trim();
        if is_value(cell) || cell.chars().count() > 20 {
            return false;
        }
        valued += usize::from(!cell.is_empty());
    }
    valued > 0
}

/// Returns `true` if a cell is a value, such as a number, time or address, and not a column name.
fn is_value(cell: &str) -> bool {
    let bare = cell.trim_start_matches(['-', '+', '(', '$', '€', '£', '¥', ' ']);
    cell.contains('@') || bare.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns `true` if cells of a record are within `quote`.
fn is_quoted(raw: &str, quote: u8, delimiter: u8) -> bool {
    let (quote, delimiter) = (char::from(quote), char::from(delimiter));
    let line = raw.trim_end();
    line.starts_with(quote) || line.contains(&format!("{delimiter}{quote}"))
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
    if whole == 0 { 0.0 } else { number(part) / number(whole) }
}

//! The configuration of a file source.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegauge_core::Table;

use super::dialect::Dialect;
use super::encoding::Encoding;
use crate::bad_rows::BadRows;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::mapping::{Columns, Condition, OnMissing, one_or_many};
use crate::user_data::snapshot::WriteRows;
use crate::{Error, Result};

/// The configuration of a file source.
///
/// ```
/// use tidegauge_acquisition::files::Config;
///
/// let config: Config = serde_json::from_value(serde_json::json!({
///     "name": "our_users",
///     "path": "exports/users-*.csv.gz",
///     "table": "users",
///     "bad_rows": "quarantine",
///     "columns": { "user_id": "id", "country": { "value": "DE" } },
/// }))?;
/// assert_eq!(config.page_rows, 50_000);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The source's name, under which sinks store its cursor.
    pub name: String,
    /// A path, or a glob pattern: `exports/users-*.csv.gz`, `logs/**/*.ndjson`.
    pub path: String,
    /// The format of the files; by default that of their extension.
    pub format: Option<Format>,
    /// The encoding of text files, unless a byte order mark specifies another; by default UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The table that the source fills.
    pub table: String,
    /// Whether a run reads this source by default.
    pub enabled: bool,
    /// Whether another source may fill the same table.
    pub shared: bool,
    /// The write mode of the rows.
    pub write: WriteRows,
    /// The policy for rows that do not fit the table.
    pub bad_rows: BadRows,
    /// The policy for a row whose key another row has, and that differs from it. By default it is
    /// rejected if the table is written by append, and the last row is taken if the table is
    /// merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_duplicate: Option<DuplicateRows>,
    /// The mapping of columns that have another name in the files, or are not in them.
    pub columns: Columns,
    /// The policy for nullable columns of the table that the files do not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_missing: Option<OnMissing>,
    /// The conditions that rows must meet, `where` in a configuration; other rows are left out and
    /// counted.
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<Condition>,
    /// The null markers: texts that stand for a missing value, in addition to the empty one:
    /// `NULL`, `\N`.
    pub nulls: Vec<String>,
    /// The delimiter between the cells of a CSV line; by default `,`, and a tab in files called
    /// `.tsv`. A blank stands for any run of blanks and tabs.
    pub delimiter: Option<char>,
    /// The quote character around cells that contain delimiters or line breaks; empty for none.
    pub quote: String,
    /// Whether the first line is a header. Without one, the columns are called `1`, `2`, `3`…
    pub header: bool,
    /// The number of lines above the header, or above the first row if there is no header. By
    /// default the header is the first line that names the wanted columns.
    pub skip_lines: usize,
    /// The beginning of the header line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_starts_with: Option<String>,
    /// The number of lines between the header and the first row.
    pub skip_after_header: usize,
    /// The number of footer rows at the end of a file, such as totals.
    pub skip_footer: usize,
    /// The beginnings of lines, anywhere in a file, that are totals rather than rows.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub footer_starts_with: Vec<String>,
    /// The beginning of comment lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The maximum number of rows of a page.
    pub page_rows: usize,
    /// The maximum number of bytes of a row.
    pub row_bytes: usize,
    /// The time for which a file must be unchanged before its last line is read without a line end.
    #[serde(with = "crate::duration")]
    pub settle: Duration,
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma-separated values (RFC 4180), or any other delimiter.
    Csv,
    /// JSON lines: a JSON object per line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::Ndjson => "JSON lines",
            Self::Parquet => "Parquet",
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: String::new(),
            path: String::new(),
            format: None,
            encoding: None,
            table: String::new(),
            enabled: true,
            shared: false,
            write: WriteRows::ByTable,
            bad_rows: BadRows::Fail,
            on_duplicate: None,
            columns: Columns::new(),
            on_missing: None,
            filter: Vec::new(),
            nulls: Vec::new(),
            delimiter: None,
            quote: "\"".into(),
            header: true,
            skip_lines: 0,
            header_starts_with: None,
            skip_after_header: 0,
            skip_footer: 0,
            footer_starts_with: Vec::new(),
            comment: None,
            page_rows: 50_000,
            row_bytes: 16 * 1024 * 1024,
            settle: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// Returns the policy for rows of `table` whose key another row has.
    pub(super) fn duplicates(&self, table: &Table) -> DuplicateRows {
        self.on_duplicate.unwrap_or_else(|| DuplicateRows::of(table))
    }

    pub(super) fn validate(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::config(
                "name",
                "the source needs one, for sinks to keep its cursor",
            ));
        }
        if self.page_rows == 0 {
            return Err(Error::config("page_rows", "a page has at least one row"));
        }
        if self.row_bytes == 0 {
            return Err(Error::config("row_bytes", "a row has at least one byte"));
        }
        self.dialect("")?;
        self.validate_layout()?;
        self.format.map_or(Ok(()), |format| self.check_format(format, &self.path))
    }

    /// Returns an error if a setting does not apply to `format`, which is that of the file `name`.
    pub(super) fn check_format(&self, format: Format, name: &str) -> Result<()> {
        let of_csv = self.csv_settings().into_iter().filter(|_| format != Format::Csv);
        let of_text = [("encoding", self.encoding.is_some())];
        let of_text = of_text.into_iter().filter(|_| format == Format::Parquet);
        match of_csv.chain(of_text).find(|(_, is_set)| *is_set) {
            None => Ok(()),
            Some((setting, _)) => Err(Error::config(
                setting,
                format!(
                    "`{name}` is {format}, which has no such thing: leave it out, or let `path` name other files"
                ),
            )),
        }
    }

    /// Returns the CSV dialect of the file called `name`.
    pub(super) fn dialect(&self, name: &str) -> Result<Dialect> {
        let sign = |setting, sign: char| {
            let fits = sign.is_ascii() && !matches!(sign, '\n' | '\r' | '\0');
            u8::try_from(sign).ok().filter(|_| fits).ok_or_else(|| {
                Error::config(setting, format!("`{sign}` is not a sign of ASCII on one line"))
            })
        };
        let default = if without_gz(name).ends_with(".tsv") { '\t' } else { ',' };
        let delimiter = sign("delimiter", self.delimiter.unwrap_or(default))?;
        let mut quotes = self.quote.chars();
        let quote = match (quotes.next(), quotes.next()) {
            (None, _) => None,
            (Some(quote), None) => Some(sign("quote", quote)?),
            _ => return Err(Error::config("quote", "it is one sign, or empty for none")),
        };
        if quote == Some(delimiter) {
            return Err(Error::config("quote", "it is the delimiter as well"));
        }
        Ok(Dialect { delimiter, quote })
    }

    /// Returns the format of the file called `name`, or an error if its extension does not tell it.
    pub(super) fn format(&self, name: &str) -> Result<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let name = name.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|end| without_gz(&name).ends_with(end));
        if ends(&[".csv", ".tsv", ".txt"]) {
            return Ok(Format::Csv);
        }
        if ends(&[".ndjson", ".jsonl"]) {
            return Ok(Format::Ndjson);
        }
        if name.ends_with(".parquet") {
            return Ok(Format::Parquet);
        }
        let reason =
            format!("what `{name}` is does not follow from its name: csv, ndjson or parquet");
        Err(Error::config("format", reason))
    }
}

fn without_gz(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_follow_from_file_names() {
        let config = Config::default();
        for (name, format) in [
            ("a.csv", Format::Csv),
            ("A.CSV.GZ", Format::Csv),
            ("a.tsv.gz", Format::Csv),
            ("a.jsonl", Format::Ndjson),
            ("a.b.parquet", Format::Parquet),
        ] {
            assert_eq!(config.format(name).unwrap(), format, "{name}");
        }
        for name in ["a", "a.xlsx", "csv", "a.parquet.gz"] {
            assert!(config.format(name).unwrap_err().to_string().contains(name), "{name}");
        }
        assert_eq!(config.dialect("a.tsv.gz").unwrap().delimiter, b'\t');
    }

    #[test]
    fn contradictory_settings_are_rejected() {
        let named = Config { name: "n".into(), ..Config::default() };
        named.validate().unwrap();
        for (config, says) in [
            (Config::default(), "`name`"),
            (Config { page_rows: 0, ..named.clone() }, "page_rows"),
            (Config { delimiter: Some('é'), ..named.clone() }, "delimiter"),
            (Config { quote: ",".into(), ..named.clone() }, "quote"),
            (Config { quote: "''".into(), ..named.clone() }, "quote"),
            (
                Config { format: Some(Format::Ndjson), skip_footer: 1, ..named.clone() },
                "`skip_footer`",
            ),
            (
                Config {
                    format: Some(Format::Parquet),
                    encoding: Some(Encoding::UTF_8),
                    ..named.clone()
                },
                "`encoding`",
            ),
        ] {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
        }
        let read = serde_json::from_str::<Config>(r#"{"nmae": "x"}"#);
        assert!(read.unwrap_err().to_string().contains("nmae"));
    }
}

//! The layout of a CSV file: which lines are rows, and which are above, among or below them.

use super::config::Config;
use super::dialect::Dialect;
use crate::{Error, Result};

/// The maximum number of rows of a footer; they are kept in memory.
const MAX_FOOTER_ROWS: usize = 1_000;

/// The lines of a file that are not rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    /// The number of lines above the header, or above the first row.
    pub(super) skip_lines: usize,
    /// The beginning of the header.
    pub(super) header_starts_with: Option<Vec<u8>>,
    /// The number of lines between the header and the first row.
    pub(super) skip_after_header: usize,
    /// The number of footer rows at the end of the file.
    pub(super) skip_footer: usize,
    comment: Option<Vec<u8>>,
    totals: Vec<Vec<u8>>,
    quote: Option<u8>,
}

/// The reason why a line among the rows is not a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SkippedLine {
    Comment,
    Total,
}

impl Layout {
    pub(super) fn new(config: &Config, dialect: Dialect) -> Self {
        let bytes = |text: &String| text.clone().into_bytes();
        Self {
            skip_lines: config.skip_lines,
            header_starts_with: config.header_starts_with.as_ref().map(bytes),
            skip_after_header: config.skip_after_header,
            skip_footer: config.skip_footer,
            comment: config.comment.as_ref().map(bytes),
            totals: config.footer_starts_with.iter().map(bytes).collect(),
            quote: dialect.quote,
        }
    }

    /// Returns `true` if some lines among the rows may not be rows.
    pub(super) fn may_skip(&self) -> bool {
        self.comment.is_some() || !self.totals.is_empty()
    }

    /// Returns the reason why `line` is not a row, or `None` if it is one.
    pub(super) fn skip_reason(&self, line: &[u8]) -> Option<SkippedLine> {
        if self.comment.as_ref().is_some_and(|comment| line.starts_with(comment)) {
            return Some(SkippedLine::Comment);
        }
        let cell = match (line, self.quote) {
            ([first, rest @ ..], Some(quote)) if *first == quote => rest,
            _ => line,
        };
        self.totals.iter().any(|total| cell.starts_with(total)).then_some(SkippedLine::Total)
    }
}

impl Config {
    /// Returns an error if the layout settings contradict each other.
    pub(super) fn validate_layout(&self) -> Result<()> {
        if !self.header {
            for (setting, is_set) in [
                ("header_starts_with", self.header_starts_with.is_some()),
                ("skip_after_header", self.skip_after_header > 0),
            ] {
                if is_set {
                    return Err(Error::config(setting, "there is no header, as `header` is false"));
                }
            }
        }
        if self.skip_footer > MAX_FOOTER_ROWS {
            let reason =
                format!("{} rows are no footer: at most {MAX_FOOTER_ROWS}", self.skip_footer);
            return Err(Error::config("skip_footer", reason));
        }
        let texts = [("comment", &self.comment), ("header_starts_with", &self.header_starts_with)];
        let texts = texts.into_iter().filter_map(|(setting, text)| Some((setting, text.as_ref()?)));
        let totals = self.footer_starts_with.iter().map(|text| ("footer_starts_with", text));
        for (setting, text) in texts.chain(totals) {
            if text.trim().is_empty() || text.contains(['\n', '\r']) {
                let reason = "it is what a line begins with, and so is neither blank nor broken";
                return Err(Error::config(setting, reason));
            }
        }
        Ok(())
    }

    /// Returns the settings that only apply to CSV files, and whether each is set.
    pub(super) fn csv_settings(&self) -> [(&'static str, bool); 9] {
        [
            ("delimiter", self.delimiter.is_some()),
            ("quote", self.quote != "\""),
            ("header", !self.header),
            ("skip_lines", self.skip_lines > 0),
            ("header_starts_with", self.header_starts_with.is_some()),
            ("skip_after_header", self.skip_after_header > 0),
            ("skip_footer", self.skip_footer > 0),
            ("footer_starts_with", !self.footer_starts_with.is_empty()),
            ("comment", self.comment.is_some()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_lines_are_recognized_by_their_prefix() {
        let config = Config {
            comment: Some("#".into()),
            footer_starts_with: vec!["Total".into(), "Summe".into()],
            ..Config::default()
        };
        let layout = Layout::new(&config, Dialect::default());
        for (line, skip_reason) in [
            (&b"# made by hand"[..], Some(SkippedLine::Comment)),
            (b"#", Some(SkippedLine::Comment)),
            (b"Total,7", Some(SkippedLine::Total)),
            (b"\"Summe\";;7", Some(SkippedLine::Total)),
            (b"\"# no comment\"", None),
            (b" Total", None),
            (b"1,Total", None),
            (b"", None),
        ] {
            assert_eq!(layout.skip_reason(line), skip_reason, "{}", String::from_utf8_lossy(line));
        }
        assert!(!Layout::default().may_skip());
    }

    #[test]
    fn contradictory_settings_are_rejected() {
        let named = Config { name: "n".into(), ..Config::default() };
        for (config, says) in [
            (Config { comment: Some(String::new()), ..named.clone() }, "comment"),
            (Config { comment: Some(" \n".into()), ..named.clone() }, "comment"),
            (
                Config { footer_starts_with: vec![" ".into()], ..named.clone() },
                "footer_starts_with",
            ),
            (Config { skip_footer: 1_001, ..named.clone() }, "skip_footer"),
            (Config { header: false, skip_after_header: 1, ..named.clone() }, "skip_after_header"),
        ] {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
        }
    }
}

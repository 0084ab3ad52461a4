//! Text for terminals: lines and tables without characters that would move the cursor, color or
//! reorder the text, or begin another line.

use std::borrow::Cow;
use std::fmt;

use comfy_table::{CellAlignment, presets};

/// Returns `true` if `character` is not shown as itself: a control character, a line separator, or
/// a mark that changes the direction of the text around it.
pub fn is_control(character: char) -> bool {
    // From U+2028 on: separators of lines and paragraphs, then embeddings and overrides; from
    // U+2066 on: isolates.
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns `text` on one line that a terminal shows unchanged: line breaks and tabs become spaces, other
/// characters that are not shown become U+FFFD.
///
/// ```
/// assert_eq!(tidegauge::text::sanitize("one\nerror: \u{1b}[31mtwo"), "one error: \u{fffd}[31mtwo");
/// ```
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let plain = |character: char| match character {
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        other if is_control(other) => char::REPLACEMENT_CHARACTER,
        other => other,
    };
    Cow::Owned(text.replace("\r\n", "\n").chars().map(plain).collect())
}

/// Returns the first `max_chars` characters of `text`, and `…` for the rest if there is one.
///
/// ```
/// assert_eq!(tidegauge::text::truncate("12345", 3), "123…");
/// assert_eq!(tidegauge::text::truncate("123", 3), "123");
/// ```
pub fn truncate(text: &str, max_chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// A table without borders, each of whose cells is [sanitized](sanitize).
#[derive(Debug)]
pub struct Table(comfy_table::Table);

impl Table {
    /// Creates a table without rows.
    pub fn new<T: AsRef<str>>(header: impl IntoIterator<Item = T>) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_header(sanitized_cells(header));
        Self(table)
    }

    /// Appends a row.
    pub fn row<T: AsRef<str>>(&mut self, row: impl IntoIterator<Item = T>) {
        self.0.add_row(sanitized_cells(row));
    }

    /// Aligns columns, counted from 0, to the right.
    #[must_use]
    pub fn align_right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        for at in columns {
            if let Some(column) = self.0.column_mut(at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self
    }
}

fn sanitized_cells<T: AsRef<str>>(
    row: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = String> {
    row.into_iter().map(|cell| sanitize(cell.as_ref()).into_owned())
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced() {
        let dirty = "a\u{1b}]0;b\u{7}c\r\nd\te\u{9b}f\u{202e}g\u{2066}h\u{2028}i\u{7f}";
        let shown = "a\u{fffd}]0;b\u{fffd}c d e\u{fffd}f\u{fffd}g\u{fffd}h i\u{fffd}";
        assert_eq!(sanitize(dirty), shown);
        // Letters of any script stay, and so do the marks that they need.
        let plain = "Ünïcode – 価格 🌊 שלום\u{200f} \u{200d}";
        assert!(matches!(sanitize(plain), Cow::Borrowed(text) if text == plain));
    }

    #[test]
    fn cell_is_one_line() {
        let mut table = Table::new(["name"]);
        table.row(["one\nerror: two"]);
        assert_eq!(table.to_string().lines().count(), 2, "{table}");
    }
}

//! The dialect of CSV, and the cells of a record.

/// A CSV dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The delimiter between cells; [`Dialect::BLANKS`] stands for any run of blanks and tabs.
    pub delimiter: u8,
    /// The quote character around cells that contain delimiters or line breaks; doubled within
    /// them.
    pub quote: Option<u8>,
}

impl Dialect {
    /// The delimiter of files in columns of fixed width: a blank, by which any run of blanks and
    /// tabs delimits cells, and those at the ends of a line are no part of it.
    pub const BLANKS: u8 = b' ';
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: Some(b'"') }
    }
}

/// The cells of a CSV record, without quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells {
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
}

impl Cells {
    /// Returns the number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns `true` if there are no cells.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the cells, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| self.text.get(start..*end))
    }
}

//! The rows of a file of lines.

use std::fs::Metadata;
use std::io;

use super::config::Config;
use super::decode::{self, Cells, Dialect};
use super::folder::{Found, unreadable};
use super::progress::Seen;
use super::splitter::Splitter;
use super::text::{Record, Text};
use crate::error::cut;
use crate::mapping::{Field, Mapping, Misfit, Plan, Rows};
use crate::{Error, Result};

/// A file of lines, its header, and how its rows are read.
#[derive(Debug)]
pub(super) struct Lines {
    text: Text,
    file: Found,
    /// None for lines of JSON.
    splitter: Option<Splitter>,
    header: Header,
    nulls: Vec<String>,
    limit: usize,
    plan: Option<Plan>,
    record: Vec<u8>,
}

#[derive(Debug)]
enum Header {
    /// Each line names its own fields.
    Json,
    /// There is none: columns are counted.
    Counted,
    /// It is still to be read.
    Unread,
    Read(Vec<String>),
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl Lines {
    pub(super) fn open(
        file: &Found,
        dialect: Option<Dialect>,
        config: &Config,
    ) -> Result<(Self, Metadata)> {
        let (text, metadata) =
            Text::open(&file.path).map_err(|error| unreadable(&file.path, &error))?;
        let header = match (dialect, config.header) {
            (None, _) => Header::Json,
            (Some(_), false) => Header::Counted,
            (Some(_), true) => Header::Unread,
        };
        let lines = Self {
            text,
            file: file.clone(),
            splitter: dialect.map(Splitter::new),
            header,
            nulls: config.nulls.clone(),
            limit: config.row_bytes,
            plan: None,
            record: Vec::new(),
        };
        Ok((lines, metadata))
    }

    /// Goes to where `before` ended; or says how it shows that this is another file.
    ///
    /// A compressed file cannot be jumped into, and a digest wants every byte: what was read before
    /// is read again, once a run, and thrown away.
    pub(super) fn go_on(
        &mut self,
        before: Option<Seen>,
        settled: bool,
    ) -> Result<Option<&'static str>> {
        let Some(before) = before else { return Ok(None) };
        self.read_header(settled)?;
        if self.text.taken > before.taken {
            return Ok(Some("its header is longer than what was read"));
        }
        if !self.skip(before.taken)? {
            return Ok(Some("it has become shorter"));
        }
        if self.text.digest() != before.digest {
            return Ok(Some("its beginning has changed"));
        }
        let at_line = self.text.at_line();
        if !at_line.map_err(|error| broken(&self.file, &error))? {
            return Ok(Some("its last line, which had no end, goes on"));
        }
        Ok(None)
    }

    /// Reads rows until the page is full or the file ends, and says whether there is more now.
    pub(super) fn read(
        &mut self,
        mapping: &Mapping,
        rows: &mut Rows,
        at: &mut Seen,
        settled: bool,
    ) -> Result<bool> {
        let (mut ended, wanted) = (false, mapping.wanted());
        if self.read_header(settled)? {
            while !rows.full() && !ended {
                match self.next()? {
                    Record::None => ended = true,
                    Record::Unfinished if !self.is_finished(settled) => break,
                    Record::TooLong => return Err(self.too_long()),
                    Record::Whole | Record::Unfinished => self.row(mapping, &wanted, rows)?,
                }
            }
        }
        let more = rows.full() && !ended && {
            ended = self.at_end()?;
            !ended
        };
        *at = Seen { digest: self.text.digest(), taken: self.text.taken, ended, ..*at };
        Ok(more)
    }

    /// Whether the header is known; it is not while its line has no end.
    fn read_header(&mut self, settled: bool) -> Result<bool> {
        let Header::Unread = self.header else { return Ok(true) };
        match self.next()? {
            Record::None => return Ok(false),
            Record::Unfinished if !self.is_finished(settled) => return Ok(false),
            Record::TooLong => return Err(self.too_long()),
            Record::Whole | Record::Unfinished => {}
        }
        let line = self.record.strip_prefix(BOM).unwrap_or(&self.record);
        let Some(splitter) = &mut self.splitter else { return Ok(true) };
        let names = splitter.cells(line).map_err(|reason| Error::File {
            path: self.file.path.display().to_string(),
            reason: format!("its first line, which should name the columns, {reason}"),
        })?;
        self.header = Header::Read(names.iter().map(|name| name.trim().into()).collect());
        self.text.take(&self.record);
        Ok(true)
    }

    fn row(&mut self, mapping: &Mapping, wanted: &[&str], rows: &mut Rows) -> Result<()> {
        let first = self.text.taken == 0;
        let line = match first {
            true => self.record.strip_prefix(BOM).unwrap_or(&self.record),
            false => &self.record,
        };
        // A blank line is no row; in one column it could be, but nobody means it.
        if line.iter().all(u8::is_ascii_whitespace) {
            self.text.take(&self.record);
            return Ok(());
        }
        let whole = |reason| Misfit::whole(&String::from_utf8_lossy(line), reason);
        let (number, name) = (self.text.line, &self.file.name);
        let place = || format!("{name}:{number}");
        let content = || String::from_utf8_lossy(line).into_owned();
        match &mut self.splitter {
            Some(splitter) => {
                let cells = splitter.cells(line).map_err(whole);
                if let (Header::Counted, None, Ok(cells)) = (&self.header, &self.plan, &cells) {
                    let names = (1..=cells.len()).map(|at| at.to_string()).collect();
                    self.header = Header::Read(names);
                }
                if let (Header::Read(names), None) = (&self.header, &self.plan) {
                    self.plan = Some(bind(mapping, &self.file, names)?);
                }
                let width = match &self.header {
                    Header::Read(names) => names.len(),
                    _ => 0,
                };
                let fields = match &cells {
                    Ok(cells) if cells.len() == width => Ok(fields(cells, &self.nulls)),
                    Ok(cells) => {
                        let len = cells.len();
                        Err(whole(format!("has {len} cells, and the header has {width}")))
                    }
                    Err(misfit) => Err(misfit.clone()),
                };
                let cells = match (&fields, &self.plan) {
                    (Ok(fields), Some(plan)) => mapping.cells(plan, fields),
                    (Err(misfit), _) => Err(misfit.clone()),
                    (Ok(_), None) => Err(whole("comes before any header".into())),
                };
                rows.push(cells, line.len(), place, content)?;
            }
            None => {
                let plan = match &self.plan {
                    Some(plan) => plan,
                    None => self.plan.insert(mapping.bind(name, wanted)?),
                };
                let fields = decode::ndjson(line, wanted).map_err(whole).map(|mut fields| {
                    fields.iter_mut().for_each(|field| nulled(field, &self.nulls));
                    fields
                });
                let cells = match &fields {
                    Ok(fields) => mapping.cells(plan, fields),
                    Err(misfit) => Err(misfit.clone()),
                };
                rows.push(cells, line.len(), place, content)?;
            }
        }
        self.text.take(&self.record);
        Ok(())
    }

    fn next(&mut self) -> Result<Record> {
        let read = self.text.next(&mut self.record, self.splitter.as_mut(), self.limit);
        read.map_err(|error| broken(&self.file, &error))
    }

    fn skip(&mut self, taken: u64) -> Result<bool> {
        self.text.skip(taken).map_err(|error| broken(&self.file, &error))
    }

    fn at_end(&mut self) -> Result<bool> {
        self.text.at_end().map_err(|error| broken(&self.file, &error))
    }

    /// Whether a last line without an end is taken for whole. The end of a compressed file says
    /// that it is one.
    fn is_finished(&self, settled: bool) -> bool {
        let finished = self.text.zipped || settled;
        if !finished {
            let (path, line) = (self.file.path.display(), self.text.line);
            tracing::info!(%path, line, "the last line has no end yet, and is left for later");
        }
        finished
    }

    fn too_long(&self) -> Error {
        Error::File {
            path: self.file.path.display().to_string(),
            reason: format!(
                "the row at line {} has more than {} bytes; close its quotes, set `quote` rightly, \
                 or raise `row_bytes`; it begins: {}",
                self.text.line,
                self.limit,
                cut(&String::from_utf8_lossy(&self.record[..self.record.len().min(200)]), 80)
            ),
        }
    }
}

fn bind(mapping: &Mapping, file: &Found, names: &[String]) -> Result<Plan> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    mapping.bind(&file.path.display().to_string(), &names)
}

fn fields<'c>(cells: &'c Cells, nulls: &[String]) -> Vec<Field<'c>> {
    let field = |cell: &'c str| match nulls.iter().any(|null| null == cell) {
        true => Field::Null,
        false => Field::from(cell),
    };
    cells.iter().map(field).collect()
}

fn nulled(field: &mut Field<'_>, nulls: &[String]) {
    if let Field::Text(text) = field
        && nulls.iter().any(|null| *null == **text)
    {
        *field = Field::Null;
    }
}

fn broken(file: &Found, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::File {
            path: file.path.display().to_string(),
            reason: "its compressed data breaks off: it is still being written, or was cut".into(),
        },
        _ => unreadable(&file.path, error),
    }
}

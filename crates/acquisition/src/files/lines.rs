//! The rows of a file of lines.

use std::fs::Metadata;
use std::io;

use super::Draft;
use super::config::Config;
use super::decode::{self, Cells, Dialect};
use super::folder::{Found, unreadable};
use super::progress::Seen;
use super::splitter::Splitter;
use super::text::{Record, Text};
use crate::error::cut;
use crate::mapping::{self, Field, Mapping, Misfit, Plan};
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
    /// The bytes of blank lines since the last that was not.
    blank: usize,
    /// Whether what was taken of it before was nothing.
    from_start: bool,
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

/// What there was to be read of a file of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Read,
    /// It is being written.
    Unfinished,
    /// The file holds nothing else either.
    None,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The lines among which a header is looked for: exports may put a title and an owner above it.
const HEADER_LINES: usize = 100;

/// The lines of JSON of which some have each field, unless a file lacks it.
const ENOUGH: u64 = 1_000;

impl Lines {
    pub(super) fn open(
        file: &Found,
        dialect: Option<Dialect>,
        config: &Config,
    ) -> Result<(Self, Metadata)> {
        let opened = Text::open(&file.path, dialect.and_then(|dialect| dialect.quote));
        let (text, metadata) = opened.map_err(|error| broken(file, &error))?;
        let header = match (dialect, config.header) {
            (None, _) => Header::Json,
            (Some(_), false) => Header::Counted,
            (Some(_), true) => Header::Unread,
        };
        let lines = Self {
            file: file.clone(),
            splitter: dialect.map(|dialect| Splitter::new(dialect, text.end)),
            text,
            header,
            nulls: config.nulls.clone(),
            limit: config.row_bytes,
            plan: None,
            record: Vec::new(),
            blank: 0,
            from_start: true,
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
        mapping: &Mapping,
        draft: &mut Draft,
        settled: bool,
    ) -> Result<Option<&'static str>> {
        let Some(before) = before else { return Ok(None) };
        self.from_start = false;
        self.read_header(mapping, draft, settled)?;
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
        draft: &mut Draft,
        at: &mut Seen,
        settled: bool,
    ) -> Result<bool> {
        let head = self.read_header(mapping, draft, settled)?;
        if head == Head::Unfinished {
            draft.notes.unsettled(self.text.line);
        }
        if head != Head::Read {
            // What stands above a header counts when that is read.
            *at = Seen { digest: 0, taken: 0, ended: head == Head::None, ..*at };
            return Ok(false);
        }
        let wanted = mapping.wanted();
        let mut fields = JsonFields::new(wanted.len());
        let (mut ended, from_start) = (false, std::mem::take(&mut self.from_start));
        while !draft.rows.full() && !ended {
            match self.next()? {
                Record::None => ended = true,
                Record::Unfinished if !self.is_finished(settled) => {
                    draft.notes.unsettled(self.text.line);
                    break;
                }
                Record::TooLong => return Err(self.too_long()),
                Record::Whole | Record::Unfinished => {
                    self.row(mapping, &wanted, draft, &mut fields)?;
                }
            }
        }
        let more = draft.rows.full() && !ended && {
            ended = self.at_end()?;
            !ended
        };
        if let Header::Json = self.header {
            fields.learn(mapping, &wanted, draft, from_start && ended);
        }
        *at = Seen { digest: self.text.digest(), taken: self.text.taken, ended, ..*at };
        Ok(more)
    }

    /// Looks for the header, unless it is known: the first line that names what is wanted.
    fn read_header(&mut self, mapping: &Mapping, draft: &mut Draft, settled: bool) -> Result<Head> {
        let Header::Unread = self.header else { return Ok(Head::Read) };
        let (mut best, mut lines): (Option<(usize, Error)>, usize) = (None, 0);
        while lines < HEADER_LINES {
            match self.next()? {
                Record::None => break,
                Record::Unfinished if !self.is_finished(settled) => return Ok(Head::Unfinished),
                Record::TooLong => return Err(self.too_long()),
                Record::Whole | Record::Unfinished => {}
            }
            let line = match self.text.taken {
                0 => self.record.strip_prefix(BOM).unwrap_or(&self.record),
                _ => &self.record,
            };
            if !is_blank(line) {
                lines += 1;
                let Some(splitter) = &mut self.splitter else { return Ok(Head::Read) };
                let number = self.text.line;
                let (names, plan) = names(splitter, line, &self.file, number, mapping, draft);
                match plan {
                    Ok(plan) => {
                        if lines > 1 && self.from_start {
                            draft.notes.above_header(number);
                        }
                        self.header = Header::Read(names);
                        self.plan = Some(plan);
                        self.text.take(&self.record);
                        self.blank = 0;
                        return Ok(Head::Read);
                    }
                    Err(error) => {
                        let wanted = mapping.wanted();
                        let hits = names.iter().filter(|name| wanted.contains(&name.as_str()));
                        let hits = hits.count();
                        if best.as_ref().is_none_or(|(most, _)| hits > *most) {
                            best = Some((hits, error));
                        }
                    }
                }
            }
            self.take_blank(is_blank(&self.record))?;
        }
        match best {
            None => Ok(Head::None),
            // Its header may follow, as long as no line names anything of what is wanted.
            Some((0, _)) if lines < HEADER_LINES && !settled && !self.text.zipped => {
                Ok(Head::Unfinished)
            }
            Some((_, error)) => Err(error),
        }
    }

    /// Takes the record at hand, which may be blank, as nothing.
    fn take_blank(&mut self, is_blank: bool) -> Result<()> {
        self.blank = if is_blank { self.blank.saturating_add(self.record.len()) } else { 0 };
        if self.blank > self.limit {
            return Err(Error::File {
                path: self.file.path.display().to_string(),
                reason: format!(
                    "more than {} bytes of blank lines end at line {}: it is damaged, or was made to \
                     keep readers busy; mend it, or raise `row_bytes`",
                    self.limit, self.text.line
                ),
            });
        }
        self.text.take(&self.record);
        Ok(())
    }

    fn row(
        &mut self,
        mapping: &Mapping,
        wanted: &[&str],
        draft: &mut Draft,
        present: &mut JsonFields,
    ) -> Result<()> {
        let first = self.text.taken == 0;
        let line = match first {
            true => self.record.strip_prefix(BOM).unwrap_or(&self.record),
            false => &self.record,
        };
        // A blank line is no row; in one column it could be, but nobody means it.
        if is_blank(line) {
            return self.take_blank(true);
        }
        self.blank = 0;
        let whole = |reason| Misfit::whole(&String::from_utf8_lossy(line), reason);
        let (number, name) = (self.text.line, &self.file.name);
        let place = || format!("{name}:{number}");
        let content = || String::from_utf8_lossy(line).into_owned();
        match &mut self.splitter {
            Some(splitter) => {
                let cells = splitter.cells(line).map_err(whole);
                // Without a header the first row that is wide enough says how many columns there are.
                if let (Header::Counted, None, Ok(cells)) = (&self.header, &self.plan, &cells) {
                    let needed = wanted.iter().filter_map(|name| name.parse().ok()).max();
                    if cells.len() >= needed.unwrap_or(0) {
                        let names: Vec<_> = (1..=cells.len()).map(|at| at.to_string()).collect();
                        self.plan = Some(bind(mapping, &self.file, None, &names, draft)?);
                        self.header = Header::Read(names);
                    }
                }
                let fields = match (&cells, &self.header) {
                    (Ok(cells), Header::Read(names)) if cells.len() == names.len() => {
                        Ok(fields(cells, &self.nulls))
                    }
                    (Ok(cells), Header::Read(names)) => {
                        let (len, width) = (cells.len(), names.len());
                        Err(whole(format!("has {len} cells, and the header has {width}")))
                    }
                    (Ok(cells), _) => {
                        let wanted = wanted.join(", ");
                        Err(whole(format!(
                            "has {} cells, and those at {wanted} are wanted",
                            cells.len()
                        )))
                    }
                    (Err(misfit), _) => Err(misfit.clone()),
                };
                let cells = match (&fields, &self.plan) {
                    (Ok(fields), Some(plan)) => mapping.cells(plan, fields, &mut draft.notes),
                    (Err(misfit), _) => Err(misfit.clone()),
                    (Ok(_), None) => Err(whole("comes before any header".into())),
                };
                draft.rows.push(cells, line.len(), place, content)?;
            }
            None => {
                let plan = match &self.plan {
                    Some(plan) => plan,
                    None => self.plan.insert(mapping.bind(name, wanted)?),
                };
                let fields = decode::ndjson(line, wanted).map_err(whole).map(|mut fields| {
                    present.add(&fields);
                    fields.iter_mut().for_each(|field| nulled(field, &self.nulls));
                    fields
                });
                let cells = match &fields {
                    Ok(fields) => mapping.cells(plan, fields, &mut draft.notes),
                    Err(misfit) => Err(misfit.clone()),
                };
                draft.rows.push(cells, line.len(), place, content)?;
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

/// The fields that the lines of JSON of a page have.
#[derive(Debug)]
struct JsonFields {
    lines: u64,
    present: Vec<bool>,
}

impl JsonFields {
    fn new(wanted: usize) -> Self {
        Self { lines: 0, present: vec![false; wanted] }
    }

    fn add(&mut self, fields: &[Field<'_>]) {
        self.lines += 1;
        for (present, field) in self.present.iter_mut().zip(fields) {
            *present |= *field != Field::Missing;
        }
    }

    /// Takes in which columns were filled; and which were not, if the page has the `whole` file, or
    /// enough of it.
    fn learn(&self, mapping: &Mapping, wanted: &[&str], draft: &mut Draft, whole: bool) {
        for column in &mapping.table().columns {
            let Some(name) = mapping.source_of(&column.name) else { continue };
            let at = wanted.iter().position(|wanted| *wanted == name);
            let is_present = at.and_then(|at| self.present.get(at)).is_some_and(|present| *present);
            if is_present {
                draft.known.fill(std::iter::once(column.name.as_ref()));
            } else if mapping.may_lack(column) && self.lines > 0 && (whole || self.lines >= ENOUGH)
            {
                draft.known.lack(&column.name, &mut draft.notes);
            }
        }
    }
}

/// Returns the names that a line has, and where what is wanted stands if it is the header.
fn names(
    splitter: &mut Splitter,
    line: &[u8],
    file: &Found,
    number: u64,
    mapping: &Mapping,
    draft: &mut Draft,
) -> (Vec<String>, Result<Plan>) {
    match splitter.cells(line) {
        Ok(cells) => {
            let names: Vec<String> = cells.iter().map(|name| name.trim().into()).collect();
            let plan = bind(mapping, file, Some(number), &names, draft);
            (names, plan)
        }
        Err(reason) => {
            let path = file.path.display().to_string();
            let reason = format!("line {number}, which should name the columns, {reason}");
            (Vec::new(), Err(Error::File { path, reason }))
        }
    }
}

/// Returns where what is wanted stands among the `names` of a file, or of its header's line.
fn bind(
    mapping: &Mapping,
    file: &Found,
    line: Option<u64>,
    names: &[String],
    draft: &mut Draft,
) -> Result<Plan> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let path = file.path.display();
    let place = line.map_or_else(|| path.to_string(), |line| format!("{path}, line {line},"));
    let plan = mapping.bind_after(&place, &names, &draft.known)?;
    if !mapping.wanted().is_empty() && mapping.filled(&plan).next().is_none() {
        return Err(Error::File {
            path: place,
            reason: format!(
                "none of its columns fills one of `{}`; they are {}: map them in the columns of the \
                 source",
                mapping.table().name,
                mapping::list(names.into_iter())
            ),
        });
    }
    draft.known.learn(mapping, &plan, &mut draft.notes);
    Ok(plan)
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn fields<'c>(cells: &'c Cells, nulls: &[String]) -> Vec<Field<'c>> {
    let field = |cell: &'c str| match nulls.iter().any(|null| null == cell) {
        true => Field::Null,
        false if cell.is_empty() => Field::Blank,
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

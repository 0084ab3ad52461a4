//! The command `tidegauge import`.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tidegauge::Result;
use tidegauge::core::SystemClock;
use tidegauge::import::{Guess, Hints, Import, Preview, Question};
use tidegauge::text::{Table, truncate};

use crate::args;
use crate::output::{self, Document, Text};

/// The number of characters of a cell that are shown.
const MAX_CELL_CHARS: usize = 24;

/// The findings about a file, and the file to which the settings were written.
#[derive(Debug, Serialize)]
struct Imported {
    file: String,
    /// The file of settings; null if nothing was written.
    written_to: Option<String>,
    preset: Option<String>,
    notes: Vec<String>,
    found: Vec<String>,
    guessed: Vec<String>,
    sources: Vec<Source>,
    /// The settings as TOML.
    settings: String,
}

/// The result of reading the file by one entry.
#[derive(Debug, Serialize)]
struct Source {
    name: String,
    table: String,
    /// The number of valid rows; `all` is `true` if these are all rows of the file.
    rows: u64,
    all: bool,
    set_aside: u64,
    reasons: Vec<Reason>,
    /// The number of rows with the key of an earlier one.
    repeated: u64,
    notes: Vec<String>,
    columns: Vec<String>,
    first: Vec<Vec<Option<String>>>,
}

/// A reason why rows were set aside.
#[derive(Debug, Serialize)]
struct Reason {
    rows: u64,
    first: String,
}

impl From<Preview> for Source {
    fn from(preview: Preview) -> Self {
        let reasons = preview.reasons.into_iter().map(|(rows, first)| Reason { rows, first });
        Self {
            name: preview.source,
            table: preview.table,
            rows: preview.rows,
            all: preview.is_whole,
            set_aside: preview.set_aside,
            reasons: reasons.collect(),
            repeated: preview.repeated,
            notes: preview.notes,
            columns: preview.columns,
            first: preview.first,
        }
    }
}

impl Document for Imported {
    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line(format!("{}: {}", self.file, self.found.join("; ")));
        if let Some(preset) = &self.preset {
            text.line(format!("known: {preset}"));
        }
        for note in &self.notes {
            text.line(format!("  {note}"));
        }
        for guess in &self.guessed {
            text.line(format!("guessed: {guess}"));
        }
        for source in &self.sources {
            text.line("");
            source.describe(&mut text);
        }
        text.line("");
        match &self.written_to {
            Some(file) => {
                let names: Vec<_> =
                    self.sources.iter().map(|source| format!("`{}`", source.name)).collect();
                text.line(format!(
                    "wrote {} into {file}; `tidegauge run` is next",
                    names.join(", ")
                ));
            }
            None => text.lines(&self.settings),
        }
        text
    }
}

impl Source {
    fn describe(&self, text: &mut Text) {
        let Self { name, table, rows, all, set_aside, reasons, repeated, .. } = self;
        let Self { notes, columns, first, .. } = self;
        let of = if *all { "" } else { " and more" };
        let noun = if *rows == 1 { "row" } else { "rows" };
        text.line(format!("`{name}` fills `{table}`: {rows} {noun}{of}, {set_aside} set aside"));
        for Reason { rows, first } in reasons {
            text.line(format!("  set aside, {rows}: {first}"));
        }
        if *repeated > 0 {
            let noun = if *repeated == 1 { "row has" } else { "rows have" };
            text.line(format!(
                "  {repeated} {noun} the key of another one: rows of one key are one"
            ));
        }
        for note in notes {
            text.line(format!("  {note}"));
        }
        if first.is_empty() {
            return;
        }
        let mut table = Table::new(columns);
        for row in first {
            let cell = |cell: &Option<String>| {
                truncate(cell.as_deref().unwrap_or("–"), MAX_CELL_CHARS).into_owned()
            };
            table.row(row.iter().map(cell));
        }
        text.table(&table);
    }
}

/// Inspects a file and writes the settings by which it is loaded. On a terminal, asks about
/// everything that the file does not show.
pub(crate) async fn import(settings: Option<&Path>, args: args::Import) -> Result<()> {
    let day_first = (args.day_first || args.month_first).then_some(args.day_first);
    let args::Import { file, table, name, columns, zone, currency, dry_run, .. } = args;
    let columns = columns.into_iter().collect();
    let mut hints = Hints { name, table, zone, currency, day_first, columns };
    let clock = Arc::new(SystemClock);
    let mut import = Import::inspect(&file, &hints, clock.clone()).await?;
    let may_ask =
        output::shows_progress() && io::stdin().is_terminal() && io::stderr().is_terminal();
    if may_ask && ask(&import.guesses, &mut hints, &mut io::stdin().lock(), output::print_line) {
        import = Import::inspect(&file, &hints, clock).await?;
    }
    let written_to = match dry_run {
        true => None,
        false => Some(import.write_settings(settings)?.display().to_string()),
    };
    let text = import.settings();
    output::print_document(&Imported {
        file,
        written_to,
        preset: import.preset,
        notes: import.notes,
        found: import.found,
        guessed: import.guesses.into_iter().map(|guess| guess.text).collect(),
        sources: import.previews.into_iter().map(Source::from).collect(),
        settings: text,
    });
    Ok(())
}

/// Asks the questions of `guesses`, each once, and returns `true` if an answer changes the hints.
/// An empty answer, or the end of the input, keeps a guess.
fn ask(
    guesses: &[Guess],
    hints: &mut Hints,
    answers: &mut impl BufRead,
    print: impl Fn(&str),
) -> bool {
    let mut asked = Vec::new();
    let before = hints.clone();
    for Guess { text, question, .. } in guesses {
        let Some(question) = question.filter(|question| !asked.contains(question)) else {
            continue;
        };
        asked.push(question);
        print(text);
        print(match question {
            Question::Zone => "Zone of these times, as in Europe/Madrid (return: UTC)?",
            Question::DayOrder => "Which comes first, `day` or `month` (return: as guessed)?",
            Question::Currency => "Currency, as in EUR (return: as guessed)?",
            _ => continue,
        });
        let mut answer = String::new();
        if answers.read_line(&mut answer).is_err() {
            break;
        }
        let answer = answer.trim();
        if answer.is_empty() {
            continue;
        }
        match question {
            Question::Zone => hints.zone = Some(answer.to_owned()),
            // Any other answer keeps the guess.
            Question::DayOrder => match answer.to_lowercase().chars().next() {
                Some('d') => hints.day_first = Some(true),
                Some('m') => hints.day_first = Some(false),
                _ => {}
            },
            Question::Currency => hints.currency = Some(answer.to_owned()),
            _ => {}
        }
    }
    *hints != before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_asked_once_and_may_be_skipped() {
        let guess = |question| Guess { text: "a guess".into(), question };
        let guesses = [
            guess(Some(Question::Zone)),
            guess(None),
            guess(Some(Question::Zone)),
            guess(Some(Question::DayOrder)),
            guess(Some(Question::Currency)),
        ];
        let mut hints = Hints::default();
        assert!(ask(&guesses, &mut hints, &mut &b"\nmonth\nEUR\n"[..], |_| {}));
        let expected =
            Hints { day_first: Some(false), currency: Some("EUR".into()), ..Hints::default() };
        assert_eq!(hints, expected);
        let mut odd = Hints::default();
        assert!(!ask(&guesses[3..4], &mut odd, &mut &b"EUR\n"[..], |_| {}));
        // The end of the input keeps all guesses.
        assert!(!ask(&guesses, &mut Hints::default(), &mut &b""[..], |_| {}));
    }
}

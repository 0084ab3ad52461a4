//! Tests of the presets of known exports: each entry on an invented sample of its layout.
#![cfg(feature = "files")]

mod exchanges;
mod shops;

use std::fs;
use std::path::PathBuf;

use tidegauge_acquisition::FileSource;
use tidegauge_acquisition::files::Config;
use tidegauge_acquisition::files::presets::{preset_for, presets};
use tidegauge_core::{Page, Source, tables};

use crate::files::{LATER, column};
use crate::support::{clock, round};

fn sample(preset: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/presets");
    folder.join(format!("{preset}.csv"))
}

/// The rows that one entry of a preset reads from its sample.
struct Loaded {
    table: String,
    pages: Vec<Page>,
    notes: Vec<String>,
}

/// Reads the sample of `preset` with its entry that fills `table`.
async fn load(preset: &str, table: &str) -> Loaded {
    let found = presets().iter().find(|known| known.name == preset).unwrap();
    let entry = found.entries.iter().find(|entry| entry.table == table).unwrap();
    let config = Config { path: sample(preset).display().to_string(), ..entry.clone() };
    let source = FileSource::new(config, tables::by_name(table).unwrap(), clock(LATER)).unwrap();
    let (pages, _) = round(&source, None).await;
    Loaded { table: table.into(), pages, notes: source.take_notes() }
}

impl Loaded {
    /// Asserts the values of a column; numbers have no trailing zeros.
    fn has<const N: usize>(&self, name: &str, values: [&str; N]) -> &Self {
        let plain = |text: &String| match text.contains('.') && !text.contains([':', '|']) {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text.clone(),
        };
        let all: Vec<String> = column(&self.pages, &self.table, name).iter().map(plain).collect();
        assert_eq!(all, values, "`{name}` of {}: {:?}", self.table, self.notes);
        self
    }

    /// Asserts the number of rows that conditions left out.
    fn leaves_out(&self, rows: usize) -> &Self {
        let by_condition = self.notes.iter().filter(|note| note.contains("left out by `where`"));
        let count = |note: &String| -> usize {
            let (_, count) = note.rsplit_once(" (").unwrap();
            count.split(' ').next().unwrap().parse().unwrap()
        };
        assert_eq!(by_condition.map(count).sum::<usize>(), rows, "{:?}", self.notes);
        self
    }

    /// Asserts the rows that were quarantined, by a part of the reason of each.
    fn sets_aside<const N: usize>(&self, reasons: [&str; N]) -> &Self {
        let all = column(&self.pages, "quarantine", "reason");
        assert_eq!(all.len(), N, "{all:?}");
        for (reason, says) in all.iter().zip(reasons) {
            assert!(reason.contains(says), "{reason} should say {says}");
        }
        self
    }
}

/// Checks that every preset has a sample by which it is recognized: exactly one of its first ten
/// lines, the header, matches.
#[test]
fn a_sample_is_recognized_by_its_header() {
    for preset in presets() {
        let text = fs::read_to_string(sample(&preset.name)).unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let records = reader.records().take(10).map(Result::unwrap);
        let recognised = records.filter_map(|record| {
            let names: Vec<&str> = record.iter().map(str::trim).collect();
            preset_for(&names).map(|preset| preset.name.as_str())
        });
        assert_eq!(recognised.collect::<Vec<_>>(), [preset.name.as_str()]);
    }
}

//! The template of the configuration file.

use std::fmt::Write;

use chrono::NaiveDate;
use tidegauge_acquisition::{Credentials, SourceSpec};

use super::secrets::Secrets;
use super::settings::Config;
use crate::source_names::SIMULATION;
use crate::sources;

/// The file without the parts that follow from the registry.
const TEMPLATE: &str = include_str!("tidegauge.toml");

/// The sources of a run that loads the user's own data only.
const USER_DATA_SOURCES: &str = "\
# Amounts in other currencies or in coins need a source of rates and prices:
# sources = [\"ecb\", \"kraken\"]   # neither needs a key
sources = []";

/// The sources of the demo.
const DEMO_SOURCES: &str = "\
# The demo: recorded prices, synthetic prices that continue them up to yesterday, and an exchange simulated from them.
sources = [\"recorded\", \"synthetic_market\", \"simulation\"]";

impl Config {
    /// Returns a commented configuration file for the user's own data, with all defaults, as
    /// `tidegauge init` writes it. It lists every registered source and has a section for each;
    /// nothing is simulated.
    pub fn template(&self) -> String {
        self.render(USER_DATA_SOURCES, false)
    }

    /// Returns the same for the [demo up to `today`](Self::demo_until), as `tidegauge init --demo`
    /// writes it.
    pub fn demo_template(&self, today: NaiveDate) -> String {
        let day = |day: NaiveDate| format!("\nstart_day = \"{day}\"\n");
        let file =
            self.render(DEMO_SOURCES, true).replace(&day(self.simulation.start_day), &day(today));
        file.replace("\npreset = \"classic\"\n", "\npreset = \"exchange\"\n")
    }

    /// Returns the file with `selected` for the sources of a run, and the section of the simulation
    /// if there is one.
    fn render(&self, selected: &str, with_simulation: bool) -> String {
        let mut specs: Vec<_> = sources::specs(self).collect();
        let list = lines(specs.iter().map(line));
        let mut keys: Vec<_> = specs.iter().filter_map(|spec| spec.credentials.service()).collect();
        let mut seen = Vec::new();
        keys.retain(|key| {
            !seen.contains(key) && {
                seen.push(*key);
                true
            }
        });
        let keys = lines(keys.into_iter().map(|key| format!("  {}", Secrets::variable(key))));
        // The simulation comes first, since most users change that section.
        specs.rotate_right(1);
        specs.retain(|spec| with_simulation || spec.name != SIMULATION);
        let sections: Vec<_> = specs
            .iter()
            .map(|spec| spec.template.trim_end())
            .filter(|section| !section.is_empty())
            .collect();
        TEMPLATE
            .replace("#{selected}", selected)
            .replace("#{sources}", &list)
            .replace("#{keys}", &keys)
            .replace("#{sections}", &sections.join("\n\n"))
    }
}

/// Returns the line of a source in the list of all sources.
fn line(spec: &SourceSpec) -> String {
    let SourceSpec { name, summary, .. } = spec;
    let mut line = format!("  {name:<18} {summary}");
    // Writing to a string cannot fail.
    let _ = match spec.credentials {
        Credentials::Key(service) if service != *name => {
            write!(line, "; needs the key of {service}")
        }
        Credentials::Key(_) if !summary.contains("key") => write!(line, "; needs a key"),
        _ => Ok(()),
    };
    if spec.is_live {
        line.push_str("; until Ctrl-C");
    }
    line
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("# {line}")).collect::<Vec<_>>().join("\n")
}

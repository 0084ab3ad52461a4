//! The configuration file to start from.

use std::fmt::Write;

use tidegauge_acquisition::{Credentials, SourceSpec};

use super::{Config, Secrets};
use crate::sources;

/// The file without what follows from the registry.
const TEMPLATE: &str = include_str!("tidegauge.toml");

impl Config {
    /// Returns a commented configuration file with all defaults, as `tidegauge init` writes it. It
    /// lists every registered source and has the part of each.
    pub fn template(&self) -> String {
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
        // What is played comes first, since most who write a file want to change that.
        specs.rotate_right(1);
        let sections: Vec<_> =
            specs.iter().map(|spec| spec.template.trim_end()).filter(|it| !it.is_empty()).collect();
        TEMPLATE
            .replace("#{sources}", &list)
            .replace("#{keys}", &keys)
            .replace("#{sections}", &sections.join("\n\n"))
    }
}

/// A source in the list of them all.
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

//! The command `tidegauge sources`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use tidegauge::acquisition::http::Budget;
use tidegauge::core::Cursor;
use tidegauge::text::{Table, truncate};
use tidegauge::{Credential, Result, SourceStatus, Tidegauge};

use crate::output::{self, Document, Text};

/// All known sources.
#[derive(Debug, Serialize)]
struct Sources {
    sources: Vec<Source>,
}

#[derive(Debug, Serialize)]
struct Source {
    source: String,
    /// `true` if it is part of a run.
    is_on: bool,
    is_live: bool,
    /// The variable of its key or URL, if it needs one.
    variable: Option<String>,
    /// `true` if the credential that it needs is set.
    is_ready: bool,
    limits: Option<Limits>,
    fresh_to: Option<DateTime<Utc>>,
    cursor: Option<Cursor>,
    description: String,
}

/// The allowance of its service, and what is left of it.
#[derive(Debug, Serialize)]
struct Limits {
    per_minute: u32,
    per_day: Option<u32>,
    left_today: Option<u32>,
    per_month: Option<u32>,
    left_this_month: Option<u32>,
}

impl From<SourceStatus> for Source {
    fn from(status: SourceStatus) -> Self {
        let SourceStatus { info, is_on, is_ready, budget, cursor, fresh_to, .. } = status;
        let variable = match info.credential {
            Credential::Key(variable) | Credential::Url(variable) => Some(variable),
            _ => None,
        };
        let limits = budget.map(Limits::from);
        let (source, is_live, description) = (info.name, info.is_live, info.description);
        Self { source, is_on, is_live, variable, is_ready, limits, fresh_to, cursor, description }
    }
}

impl From<Budget> for Limits {
    fn from(budget: Budget) -> Self {
        let Budget { quota, left_today, left_this_month } = budget;
        let (per_minute, per_day, per_month) =
            (quota.per_minute.get(), quota.per_day, quota.per_month);
        Self { per_minute, per_day, left_today, per_month, left_this_month }
    }
}

impl Source {
    fn key(&self) -> String {
        match &self.variable {
            None => "none needed".into(),
            Some(_) if self.is_ready => "set".into(),
            Some(variable) => format!("missing: {variable}"),
        }
    }
}

impl Limits {
    fn shown(&self) -> String {
        let mut shown = format!("{}/min", self.per_minute);
        let left = |per: &str, limit: Option<u32>, left: Option<u32>| {
            let (limit, left) = (limit?, left?);
            Some(format!(", {limit}/{per} ({left} left)"))
        };
        shown.extend(left("day", self.per_day, self.left_today));
        shown.extend(left("month", self.per_month, self.left_this_month));
        shown
    }
}

impl Document for Sources {
    fn text(&self) -> Text {
        let header = ["", "source", "key", "limits", "fresh to", "cursor", "what"];
        let mut table = Table::new(header);
        for source in &self.sources {
            let fresh = source.fresh_to.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
            let cursor = source.cursor.as_ref().map_or("never loaded", |cursor| cursor.as_str());
            table.row([
                if source.is_on { "on" } else { "" }.to_owned(),
                source.source.clone(),
                source.key(),
                source.limits.as_ref().map(Limits::shown).unwrap_or_default(),
                fresh.unwrap_or_default(),
                truncate(cursor, 40).into_owned(),
                source.description.clone(),
            ]);
        }
        let mut text = Text::default();
        text.table(&table);
        text
    }
}

/// Lists every source with its data, key, limits and freshness.
pub(crate) async fn sources(tidegauge: &Tidegauge) -> Result<()> {
    let statuses = tidegauge.sources().await?.into_iter();
    output::print_document(&Sources { sources: statuses.map(Source::from).collect() });
    Ok(())
}

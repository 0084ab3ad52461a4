//! `tidegauge sources`

use chrono::SecondsFormat;
use comfy_table::{Table, presets};
use tidegauge::acquisition::http::Budget;
use tidegauge::{Needs, Result, SourceStanding, Tidegauge};

use crate::output;

/// Lists every source: what it gives, its key, its limits, how far it has come.
pub(crate) async fn sources(house: &Tidegauge) -> Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", "source", "key", "limits", "fresh to", "cursor", "what"]);
    for standing in house.sources().await? {
        let fresh = standing.fresh_to.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let cursor = standing.cursor.as_ref().map_or("never loaded", |cursor| cursor.as_str());
        table.add_row([
            if standing.is_on { "on" } else { "" }.to_owned(),
            standing.offer.name.clone(),
            key(&standing),
            standing.budget.as_ref().map(limits).unwrap_or_default(),
            fresh.unwrap_or_default(),
            short(cursor),
            standing.offer.what.clone(),
        ]);
    }
    output::line(&table.to_string());
    Ok(())
}

fn key(standing: &SourceStanding) -> String {
    match &standing.offer.needs {
        Needs::Key(_) | Needs::Url(_) if standing.is_ready => "set".into(),
        Needs::Key(variable) | Needs::Url(variable) => format!("missing: {variable}"),
        _ => "none needed".into(),
    }
}

fn limits(budget: &Budget) -> String {
    let mut told = format!("{}/min", budget.quota.per_minute);
    let left = |per: &str, limit: Option<u32>, left: Option<u32>| {
        let (limit, left) = (limit?, left?);
        Some(format!(", {limit}/{per} ({left} left)"))
    };
    told.extend(left("day", budget.quota.per_day, budget.left_today));
    told.extend(left("month", budget.quota.per_month, budget.left_this_month));
    told
}

/// A cursor may be long; its beginning tells.
fn short(cursor: &str) -> String {
    const MOST: usize = 40;
    match cursor.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &cursor[..end]),
        None => cursor.into(),
    }
}

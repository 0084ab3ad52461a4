//! The page of the report: the three answers, then one section per page with its figures, maps and
//! tables.

use askama::Template;
use tidegauge_analytics::stats::MIN_SAMPLE_SIZE;

use super::{computation, table};
use crate::chart::echarts;
use crate::format::{count, level};
use crate::vocabulary::Vocabulary;
use crate::{
    Answer, AnsweredQuestion, Business, Chart, Currency, Page, Panel, Provenance, Report, Result,
    Tile, Trend,
};

/// The panels whose charts are on the page, by the beginning of their ids if those end in `*`. The
/// charts of further cohorts are left to their tables.
const FIGURES: [&str; 19] = [
    "funnel",
    "funnel-by-*",
    "users-over-time",
    "active-users",
    "growth",
    "volume-over-time",
    "revenue-over-time",
    "revenue-mix",
    "high-volume",
    "time-to-high-volume",
    "deciles",
    "lorenz",
    "prediction-calibration",
    "churned",
    "survival",
    "retention-curve",
    "ltv",
    "roas",
    "ltv-by-*",
];

/// The panels whose tables are shown without unfolding.
const TABLES: [&str; 6] =
    ["take-rates", "concentration", "prediction", "prediction-effects", "channels", "prices"];

/// The most rows of a map that is shown without unfolding.
const LONG: usize = 30;

/// The template of the report's page.
#[derive(Template)]
#[template(path = "report.html")]
struct ReportHtml<'a> {
    css: &'static str,
    script: &'static str,
    echarts: &'static str,
    provenance: &'a Provenance,
    caveats: Vec<String>,
    end: String,
    scale: String,
    answers: Vec<AnsweredQuestion<'a>>,
    sections: Vec<Section>,
    basis: Vec<String>,
    level: String,
    calendar: &'a str,
    /// `true` if amounts are valued in US dollars.
    is_valued: bool,
    words: Vocabulary,
    /// The minimum number of users of a cohort for an insight.
    enough: u64,
}

/// The section of a page.
struct Section {
    id: &'static str,
    name: &'static str,
    title: String,
    tiles: Vec<TileGroup>,
    figures: Vec<String>,
    heat_maps: Vec<String>,
    tables: Vec<String>,
    folded: Vec<String>,
}

/// Tiles under a heading.
struct TileGroup {
    title: String,
    html: String,
}

/// The template of tiles.
#[derive(Template)]
#[template(path = "tiles.html")]
struct TilesHtml<'a> {
    tiles: Vec<TileHtml<'a>>,
}

/// A tile with its rendered computation.
struct TileHtml<'a> {
    tile: &'a Tile,
    /// The class of its trend.
    trend: &'static str,
    computation: String,
}

/// The template of a chart that the page's script draws.
#[derive(Template)]
#[template(path = "figure.html")]
struct FigureHtml<'a> {
    id: &'a str,
    title: &'a str,
    json: String,
    /// The chart for browsers without scripts.
    svg: String,
    computation: String,
}

/// Renders the page of the report.
pub(crate) fn page(report: &Report) -> Result<String> {
    let provenance = &report.provenance;
    let sections = [
        (Page::Overview, "Overview", "How the exchange is doing"),
        (Page::Acquisition, "Acquisition", "High-volume traders"),
        (Page::Retention, "Retention", "Who stays and who leaves"),
        (Page::Monetization, "Monetization", "What users are worth and cost"),
    ];
    let words = provenance.vocabulary();
    let sections = sections.into_iter().filter_map(|(page, name, title)| {
        Some(section(report.answer(page)?, name, words.say(title)))
    });
    let basis = report.answer(Page::Basis).into_iter().flat_map(|answer| &answer.panels);
    let page = ReportHtml {
        css: include_str!("../../assets/report.css"),
        script: include_str!("../../assets/report.js"),
        echarts: include_str!("../../assets/echarts.common.min.js"),
        provenance,
        caveats: provenance.caveats(),
        end: provenance.end.map(|end| end.format("%Y-%m-%d").to_string()).unwrap_or_default(),
        scale: match provenance.business {
            Business::Shop => format!(
                "{} customers and {} purchases",
                count(provenance.users),
                count(provenance.orders)
            ),
            Business::Exchange => format!(
                "{} users, {} orders, {} trades and {} ramp purchases",
                count(provenance.users),
                count(provenance.orders),
                count(provenance.trades),
                count(provenance.ramp_purchases),
            ),
        },
        answers: report.answered(),
        sections: sections.collect::<Result<_>>()?,
        basis: basis.filter(|panel| has_rows(panel)).map(Panel::to_html).collect::<Result<_>>()?,
        level: level(report.level),
        calendar: &report.calendar,
        is_valued: provenance.currency == Currency::USD,
        words,
        enough: MIN_SAMPLE_SIZE,
    };
    Ok(page.render()?)
}

fn section(answer: &Answer, name: &'static str, title: String) -> Result<Section> {
    let mut section = Section {
        id: answer.question.page.name(),
        name,
        title,
        tiles: tile_groups(&answer.tiles)?,
        figures: Vec::new(),
        heat_maps: Vec::new(),
        tables: Vec::new(),
        folded: Vec::new(),
    };
    for panel in answer.panels.iter().filter(|panel| has_rows(panel)) {
        if let Some(Chart::HeatMap(_)) = panel.chart {
            // A map of years of weeks would hide what follows it.
            let is_long = panel.table.rows().len() > LONG;
            let maps = if is_long { &mut section.folded } else { &mut section.heat_maps };
            maps.push(panel.to_html()?);
            // The map has no room for intervals.
            section.folded.push(table(panel)?);
            continue;
        }
        if panel.chart.is_some() && is_one_of(&FIGURES, &panel.id) {
            if panel.is_empty() {
                continue;
            }
            if let Some(figure) = figure(panel)? {
                section.figures.push(figure);
                section.folded.push(table(panel)?);
                continue;
            }
        }
        match is_one_of(&TABLES, &panel.id) {
            true => section.tables.push(panel.to_html()?),
            false => section.folded.push(panel.to_html()?),
        }
    }
    Ok(section)
}

fn is_one_of(patterns: &[&str], id: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => id.starts_with(beginning),
        None => *pattern == id,
    })
}

fn has_rows(panel: &Panel) -> bool {
    panel.table.rows().iter().any(|row| !row.is_total)
}

/// Renders the chart of a panel.
fn figure(panel: &Panel) -> Result<Option<String>> {
    let Some(chart) = &panel.chart else { return Ok(None) };
    let Some(json) = echarts::options(chart, &panel.table)? else { return Ok(None) };
    // Within a page of HTML, the namespace is known.
    let svg = chart.to_svg(&panel.table)?.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
    let figure = FigureHtml {
        id: &panel.id,
        title: chart.title(),
        json,
        svg,
        computation: computation(panel.computation.as_ref())?,
    };
    Ok(Some(figure.render()?))
}

/// Renders the tiles of figures to date, and those of the last complete period.
fn tile_groups(tiles: &[Tile]) -> Result<Vec<TileGroup>> {
    let (to_date, of_period): (Vec<&Tile>, Vec<&Tile>) =
        tiles.iter().partition(|tile| tile.trend.is_none());
    let settings = of_period.iter().flat_map(|tile| &tile.computation.settings);
    let mut periods = settings.filter(|setting| setting.name == "Period");
    let period = periods.next().map(|setting| setting.value.as_str());
    let title = period.map(|period| format!("The last complete {period}"));
    let groups = [("To date".to_owned(), to_date), (title.unwrap_or_default(), of_period)];
    let groups = groups.into_iter().filter(|(_, tiles)| !tiles.is_empty());
    groups.map(|(title, tiles)| Ok(TileGroup { title, html: tiles_html(&tiles)? })).collect()
}

fn tiles_html(tiles: &[&Tile]) -> Result<String> {
    let mut rendered = Vec::with_capacity(tiles.len());
    for tile in tiles.iter().copied() {
        let trend = match tile.trend {
            Some(Trend::Up) => "up",
            Some(Trend::Down) => "down",
            Some(Trend::Noise) => "noise",
            Some(Trend::Unknown) | None => "",
        };
        rendered.push(TileHtml { tile, trend, computation: computation(Some(&tile.computation))? });
    }
    Ok(TilesHtml { tiles: rendered }.render()?)
}

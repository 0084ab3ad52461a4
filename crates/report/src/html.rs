//! HTML rendering of tables, heat maps and the page of the report.

use askama::Template;
use tidegauge_analytics::stats::MIN_SAMPLE_SIZE;

use crate::chart::{Grid, GridRow, HeatMap, echarts, grid};
use crate::format::{count, level};
use crate::{Answer, Cell, Chart, Column, Page, Panel, Provenance, Report, Result, Tile};

/// The template of a heading and a table.
#[derive(Template)]
#[template(path = "table.html")]
struct TableHtml<'a> {
    title: &'a str,
    columns: &'a [Column],
    rows: Vec<Vec<Shown>>,
}

/// A displayed cell: its value, and its interval in small print.
struct Shown {
    text: String,
    interval: Option<String>,
}

/// The template of a heading and a heat map.
#[derive(Template)]
#[template(path = "heat_map.html")]
struct HeatMapHtml<'a> {
    title: &'a str,
    grid: Grid,
}

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
    tiles: &'a [Tile],
    /// The insights of the overview, and of the pages of the three answers.
    lead: Vec<&'a str>,
    acquisition: Vec<&'a str>,
    retention: Vec<&'a str>,
    monetization: Vec<&'a str>,
    level: String,
    calendar: String,
    figures: Vec<Figure<'a>>,
    heat_maps: Vec<String>,
    volume: Vec<String>,
    churn: Vec<String>,
    value: Vec<String>,
    basis: Vec<String>,
    /// `true` if there is a chart of return on ad spend.
    draws_roas: bool,
    /// The minimum number of users of a cohort for an insight.
    enough: u64,
}

/// A chart that the page's script draws.
struct Figure<'a> {
    id: &'a str,
    title: &'a str,
    json: String,
}

/// Renders the heading and the table of a panel.
pub(crate) fn table(panel: &Panel) -> Result<String> {
    let columns = panel.table.columns();
    let shown = |(column, cell): (&Column, &Cell)| Shown {
        text: column.show(cell),
        interval: column.show_interval(cell),
    };
    let rows =
        panel.table.rows().iter().map(|row| columns.iter().zip(&row.cells).map(shown).collect());
    Ok(TableHtml { title: &panel.title, columns, rows: rows.collect() }.render()?)
}

/// Renders the heading of a panel and its table as a heat map.
pub(crate) fn heat_map(panel: &Panel, chart: &HeatMap) -> Result<String> {
    let grid = grid(chart, &panel.table)?;
    Ok(HeatMapHtml { title: &panel.title, grid }.render()?)
}

impl GridRow {
    /// Splits the year with its dash off a label that is a date, so that a narrow page may hide it.
    fn split(&self) -> (&str, &str) {
        let day = self.label.len() == 10 && self.label.matches('-').count() == 2;
        self.label.split_at_checked(5).filter(|_| day).unwrap_or(("", &self.label))
    }
}

/// Renders the page of the report.
pub(crate) fn page(report: &Report) -> Result<String> {
    let panels = |page: Page| report.answer(page).into_iter().flat_map(|answer| &answer.panels);
    let is_heat_map = |panel: &&Panel| matches!(panel.chart, Some(Chart::HeatMap(_)));
    let html = |page: Page, wanted: &dyn Fn(&&Panel) -> bool| {
        let is_shown = |panel: &&Panel| {
            let has_rows = panel.table.rows().iter().any(|row| !row.is_total);
            has_rows && !(matches!(panel.chart, Some(Chart::Lines(_))) && panel.is_empty())
        };
        panels(page)
            .filter(|panel| wanted(panel) && is_shown(panel))
            .map(Panel::to_html)
            .collect::<Result<Vec<_>>>()
    };
    let mut figures = Vec::new();
    for panel in report.answers.iter().flat_map(|answer| &answer.panels) {
        let Some(chart) = panel.chart.as_ref().filter(|_| !panel.is_empty()) else { continue };
        if let Some(json) = echarts::options(chart, &panel.table)? {
            figures.push(Figure { id: &panel.id, title: chart.title(), json });
        }
    }
    let insights = |page: Page| {
        let insights = report.answer(page).into_iter().flat_map(|answer| &answer.insights);
        insights.map(String::as_str).collect::<Vec<_>>()
    };
    let provenance = &report.provenance;
    let draws_roas = figures.iter().any(|figure| figure.id == "roas");
    let page = ReportHtml {
        css: include_str!("../assets/report.css"),
        script: include_str!("../assets/report.js"),
        echarts: include_str!("../assets/echarts.common.min.js"),
        provenance,
        caveats: provenance.caveats(),
        end: provenance.end.map(|end| end.format("%Y-%m-%d").to_string()).unwrap_or_default(),
        scale: format!(
            "{} users, {} orders, {} trades and {} ramp purchases",
            count(provenance.users),
            count(provenance.orders),
            count(provenance.trades),
            count(provenance.ramp_purchases),
        ),
        tiles: report.answer(Page::Overview).map_or(&[], |answer: &Answer| &answer.tiles),
        lead: insights(Page::Overview),
        acquisition: insights(Page::Acquisition),
        retention: insights(Page::Retention),
        monetization: insights(Page::Monetization),
        level: level(report.level),
        calendar: report.calendar.clone(),
        figures,
        heat_maps: html(Page::Retention, &is_heat_map)?,
        volume: html(Page::Acquisition, &|_| true)?,
        churn: html(Page::Retention, &|panel| !is_heat_map(panel))?,
        value: html(Page::Monetization, &|_| true)?,
        basis: html(Page::Basis, &|_| true)?,
        draws_roas,
        enough: MIN_SAMPLE_SIZE,
    };
    Ok(page.render()?)
}

//! Checks that table, CSV, SVG and page agree.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use tidegauge_report::{
    Bars, Cell, Chart, Column, Direction, Format, HeatMap, Interval, Lines, Panel, Point, Series,
    Table,
};

use crate::support::{HOSTILE, report};

fn panels() -> Vec<Panel> {
    report().answers.into_iter().flat_map(|answer| answer.panels).collect()
}

/// Returns the texts of an XML document by element name; panics if it is not well-formed.
fn texts(xml: &str) -> BTreeMap<String, Vec<String>> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let (mut texts, mut open) = (BTreeMap::<_, Vec<String>>::new(), Vec::new());
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {xml}")) {
            Event::Start(start) => {
                open.push(String::from_utf8(start.name().as_ref().to_vec()).unwrap());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.decode().unwrap()),
            Event::GeneralRef(name) => match &*name.decode().unwrap() {
                "amp" => text.push('&'),
                "lt" => text.push('<'),
                "gt" => text.push('>'),
                "quot" => text.push('"'),
                "#39" => text.push('\''),
                other => panic!("&{other};"),
            },
            Event::End(_) => {
                texts.entry(open.pop().unwrap()).or_default().push(std::mem::take(&mut text));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
    texts
}

/// Returns the text between each `open` and the next `close`.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).map(|rest| rest.split(close).next().unwrap()).collect()
}

#[test]
fn csv_agrees_with_the_table() {
    for panel in panels() {
        let csv = panel.to_csv();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let header = reader.headers().unwrap().clone();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), panel.table.rows().len(), "{}", panel.id);
        for (record, row) in records.iter().zip(panel.table.rows()) {
            for (column, cell) in panel.table.columns().iter().zip(&row.cells) {
                let field = |name: &str| {
                    let at = header.iter().position(|known| known == name).unwrap();
                    record[at].to_owned()
                };
                let number = |name: &str| field(name).parse::<f64>().ok();
                match cell {
                    Cell::Text(text) => assert_eq!(field(&column.name), *text),
                    Cell::Missing(_) => assert_eq!(field(&column.name), ""),
                    Cell::Number(found) => {
                        assert_eq!(number(&column.name), Some(found.value));
                        if column.interval {
                            let low = found.interval.map(|interval| interval.low);
                            let high = found.interval.and_then(|interval| interval.high);
                            assert_eq!(number(&format!("{}_low", column.name)), low);
                            assert_eq!(number(&format!("{}_high", column.name)), high);
                        }
                        assert!(column.interval || found.interval.is_none(), "{}", column.name);
                        assert!(column.n || found.n.is_none(), "{}", column.name);
                    }
                }
            }
        }
    }
}

#[test]
fn html_agrees_with_the_table() {
    for panel in panels() {
        let html = panel.to_html().unwrap();
        assert!(!html.contains("<img") && !html.contains("<b>"), "{html}");
        // The indented lines are rows; the heading is a single line.
        let rows = between(&html, "<tr>", "</tr>");
        assert_eq!(rows.len(), panel.table.rows().len() + 1, "{}", panel.id);
        if matches!(panel.chart, Some(Chart::HeatMap(_))) {
            continue; // Its cells are rounded to whole percent.
        }
        for (html, row) in rows[1..].iter().zip(panel.table.rows()) {
            let cells = between(html, "<td>", "</td>");
            for (html, (column, cell)) in
                cells.iter().zip(panel.table.columns().iter().zip(&row.cells).skip(1))
            {
                let interval = column.show_interval(cell);
                let small = interval.map(|text| format!("<small>{text}</small>"));
                let text = format!("{}{}", column.show(cell), small.unwrap_or_default());
                assert_eq!(*html, text, "{}", panel.id);
            }
        }
    }
}

/// Returns the notes expected for the cells of a chart's columns.
fn notes(panel: &Panel) -> Vec<String> {
    let table = &panel.table;
    let columns: Vec<&str> = match panel.chart.as_ref().unwrap() {
        Chart::Bars(bars) => vec![&bars.values],
        Chart::Lines(lines) => lines.points.iter().map(|point| point.column.as_str()).collect(),
        Chart::Series(series) => series.values.iter().map(String::as_str).collect(),
        Chart::HeatMap(map) => map.cells.iter().map(String::as_str).collect(),
        _ => panic!("a kind of chart that has no test"),
    };
    let is_map = matches!(panel.chart, Some(Chart::HeatMap(_)));
    let rows = table.rows().iter().filter(|row| is_map || !row.is_total);
    let mut notes = Vec::new();
    for row in rows {
        for name in &columns {
            let at = table.position(name).unwrap();
            let Some(number) = row.cells[at].as_number() else { continue };
            let format = table.columns()[at].format;
            let within = format.show_within(number.value, number.interval.as_ref());
            let join = if matches!(panel.chart, Some(Chart::Bars(_))) { " of " } else { ", " };
            notes.push(match number.n {
                Some(n) if is_map => {
                    format!("{within}, {:.0} of {n} users", number.value * n as f64)
                }
                Some(n) => format!("{within}{join}{n} users"),
                None => within,
            });
        }
    }
    notes.sort();
    notes
}

#[test]
fn svg_agrees_with_the_table() {
    let mut drawn = 0;
    for panel in panels() {
        let Some(chart) = &panel.chart else {
            assert_eq!(panel.to_svg().unwrap(), None);
            continue;
        };
        drawn += 1;
        let svg = panel.to_svg().unwrap().unwrap();
        assert!(!svg.contains("<img") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let texts = texts(&svg);
        assert_eq!(texts["title"].iter().filter(|text| *text == chart.title()).count(), 1);
        let mut titles: Vec<_> =
            texts["title"].iter().filter(|text| *text != chart.title()).collect();
        titles.retain(|text| *text != "not over yet" && *text != "no users");
        let mut found: Vec<String> = titles
            .into_iter()
            // The note of a point begins with its line and position.
            .map(|text| match (chart, text.rsplit_once(": ")) {
                (Chart::Lines(_) | Chart::Series(_), Some(_)) => {
                    text.split_once(": ").unwrap().1.to_owned()
                }
                _ => text.clone(),
            })
            .collect();
        found.sort();
        assert_eq!(found, notes(&panel), "{}", panel.id);
    }
    assert_eq!(drawn, 34);
}

#[test]
fn the_page_has_every_panel_and_chart_data_from_its_cells() {
    let report = report();
    let page = report.to_html().unwrap();
    for panel in report.answers.iter().flat_map(|answer| &answer.panels) {
        let is_known = panel.table.rows().iter().any(|row| !row.is_total);
        let html = panel.to_html().unwrap();
        let (table, computation) = html.split_once("<details class=\"how\">").unwrap();
        let is_shown = page.contains(table.trim_end()) && page.contains(computation);
        assert_eq!(is_shown, is_known, "{}", panel.id);
    }
    for insight in report.insights() {
        assert!(page.contains(&insight.replace('\u{1}', "")[..20]), "{insight}");
    }
    let open = "<script type=\"application/json\" id=\"chart-";
    let charts = between(&page, open, "</script>");
    let ids: Vec<&str> = charts.iter().map(|chart| chart.split_once("\">").unwrap().0).collect();
    assert_eq!(
        ids,
        [
            "revenue-mix",
            "users-over-time",
            "active-users",
            "growth",
            "volume-over-time",
            "revenue-over-time",
            "high-volume",
            "time-to-high-volume",
            "deciles",
            "lorenz",
            "churned",
            "retention-curve",
            "survival",
            "ltv",
            "roas",
            "ltv-by-month",
        ],
        "without deposits there is no funnel, and too few pass the threshold to be predicted"
    );
    for chart in charts {
        let (id, json) = chart.split_once("\">").unwrap();
        let option: Value = serde_json::from_str(json).unwrap();
        let panel = report.panel(id).unwrap();
        let series = option["series"].as_array().unwrap();
        let points = series.iter().flat_map(|line| line["data"].as_array().unwrap());
        let mut found: Vec<_> = points
            .filter_map(|point| point["note"].as_str())
            .filter(|note| *note != "–")
            .map(str::to_owned)
            .collect();
        found.sort();
        assert_eq!(found, notes(panel), "{id}");
        assert_eq!(option["aria"]["label"]["description"], panel.chart.as_ref().unwrap().title());
    }
    assert!(page.contains("&#60;b&#62;shop&#60;/b&#62;.db"), "the warehouse is text");
    assert!(page.contains("Rates by &#60;Some Bank&#62;"), "an attribution is text");
    assert!(page.contains("(preset <code>small</code>, seed 7, start day 2026-01-01)"));
    assert!(page.contains("<td>1,234</td><td>2025-12-31</td><td>2026-02-28</td>"));
}

#[test]
fn bands_are_the_intervals_of_their_lines() {
    let page = report().to_html().unwrap();
    let open = "<script type=\"application/json\" id=\"chart-ltv\">";
    let option: Value = serde_json::from_str(between(&page, open, "</script>")[0]).unwrap();
    let series = option["series"].as_array().unwrap();
    let names = option["legend"]["data"].as_array().unwrap();
    assert_eq!(series.len(), 3 * names.len(), "a line, its lower bound and the distance above it");
    let table = report().panel("ltv").unwrap().table.clone();
    let organic = |at: usize| {
        series.iter().filter(|one| one["name"] == "organic").nth(at).unwrap()["data"].clone()
    };
    let at = table.position("day_30").unwrap();
    let row = table.rows().iter().find(|row| row.cells[0] == Cell::text("organic")).unwrap();
    let interval = row.cells[at].as_number().unwrap().interval.unwrap();
    let point = |data: Value| {
        let points = data.as_array().unwrap().clone();
        points.iter().find(|point| point[0] == 30).unwrap()[1].as_f64().unwrap()
    };
    let (low, extent) = (point(organic(1)), point(organic(2)));
    assert!((low - interval.low).abs() < 0.006, "{low}, not {}", interval.low);
    assert!((low + extent - interval.high.unwrap()).abs() < 0.011, "{low} + {extent}");
}

#[test]
fn every_computation_names_a_page_that_exists() {
    let report = report();
    let panels = report.answers.iter().flat_map(|answer| &answer.panels);
    let panels = panels.map(|panel| panel.computation.clone().expect(&panel.id));
    let tiles = report.answers.iter().flat_map(|answer| &answer.tiles);
    for computation in panels.chain(tiles.map(|tile| tile.computation.clone())) {
        let page = format!("../../{}", computation.docs);
        assert!(std::path::Path::new(&page).is_file(), "{page}");
        assert!(computation.definition.ends_with('.'), "{}", computation.definition);
        let names: Vec<_> = computation.settings.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names[..3], ["Observed up to", "Zone", "Level of intervals"]);
        assert_eq!(computation.settings[0].value, "2026-03-01 00:00");
    }
}

/// Returns a table of two rows: a number with an interval that is open at the top, and missing
/// values.
fn edge() -> Table {
    let mut table = Table::new([
        Column::new("name", "Name", Format::Name),
        Column::new("users", "Users", Format::Count),
        Column::new("a", "A", Format::Dollars).with_interval(),
        Column::new("b", "B", Format::Dollars),
    ])
    .unwrap();
    let interval = Some(Interval { low: -4.0, high: None, level: 0.9 });
    let number = Cell::estimate(Some(-2.5), interval, None);
    table.push([Cell::text(HOSTILE), Cell::count(3), number, Cell::UNKNOWN]).unwrap();
    table.push([Cell::UNKNOWN, Cell::count(0), Cell::UNKNOWN, Cell::NOT_OVER]).unwrap();
    table
}

#[test]
fn charts_accept_extreme_values_and_labels() {
    let title = || HOSTILE.to_owned();
    let empty = Table::new(edge().columns().to_vec()).unwrap();
    let bars = |direction| {
        let (labels, values) = ("name".into(), "a".into());
        Chart::Bars(Bars { title: title(), labels, values, direction })
    };
    let points = |columns: &[&str]| {
        let point = |(at, column): (u32, &&str)| Point { at, column: (*column).into() };
        (1..).zip(columns).map(point).collect::<Vec<_>>()
    };
    let lines = |columns: &[&str]| {
        let (labels, unit) = ("name".into(), "day".into());
        Chart::Lines(Lines {
            title: title(),
            labels,
            points: points(columns),
            unit,
            mark: Some(1.0),
        })
    };
    let series = |columns: &[&str]| {
        let values = columns.iter().map(|name| (*name).into()).collect();
        Chart::Series(Series { title: title(), labels: "name".into(), values })
    };
    let map = |cells: &[&str]| {
        let cells = cells.iter().map(|name| (*name).into()).collect();
        Chart::HeatMap(HeatMap {
            title: title(),
            labels: "name".into(),
            users: "users".into(),
            cells,
        })
    };
    for chart in [
        bars(Direction::Right),
        bars(Direction::Up),
        lines(&["a", "b"]),
        lines(&["b", "a"]),
        lines(&[]),
        series(&["a", "b"]),
        series(&[]),
        map(&["a", "b"]),
        map(&[]),
    ] {
        for table in [edge(), empty.clone()] {
            let panel = Panel::new("edge", "Edge", "", table).with_chart(chart.clone()).unwrap();
            let svg = panel.to_svg().unwrap().unwrap();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{chart:?}: {svg}");
            texts(&svg);
            panel.to_html().unwrap();
        }
    }
    let chart = lines(&["a", "c"]);
    let error = Panel::new("edge", "Edge", "", edge()).with_chart(chart).unwrap_err();
    assert_eq!(error.to_string(), "the table has no column `c`; it has name, users, a, b");
}

#[test]
fn lines_end_at_missing_values() {
    let report = report();
    let svg = report.panel("ltv").unwrap().to_svg().unwrap().unwrap();
    // At day 45 every channel has fewer than 30 users.
    assert!(svg.contains("day 30: ") && !svg.contains("day 45: "), "{svg}");
    // One line and one band per channel.
    assert_eq!(between(&svg, "<polyline", "/>").len(), 4);
    assert_eq!(between(&svg, "<polygon", "/>").len(), 4);
    let roas = report.panel("roas").unwrap().to_svg().unwrap().unwrap();
    assert_eq!(between(&roas, "<polyline", "/>").len(), 2, "two channels have spend");
}

//! Charts as options of Apache ECharts, which draws them in the browser.

use serde_json::{Value as Json, json};

use super::Chart;
use super::data::{self, Axis, Bar, Line, Plot, Value};
use super::kinds::{Bars, Direction, Lines, Series};
use super::style::{COLORS, FONT};
use super::svg::ticks;
use crate::format::{Format, UNKNOWN};
use crate::{Result, Table};

/// The color of texts on light pages.
const INK: &str = "#0f172a";

/// Returns the options of a chart as JSON that is safe within a `script` element, or `None` for a
/// heat map, which the page draws as a table.
pub(crate) fn options(chart: &Chart, table: &Table) -> Result<Option<String>> {
    let option = match chart {
        Chart::Bars(chart) => bars(chart, table)?,
        Chart::Lines(chart) => lines(chart, table)?,
        Chart::Series(chart) => series(chart, table)?,
        Chart::HeatMap(_) => return Ok(None),
    };
    Ok(Some(option.to_string().replace('<', "\\u003c")))
}

fn option(title: &str) -> Json {
    json!({
        "aria": { "enabled": true, "label": { "description": title } },
        "animation": false,
        "color": COLORS,
        "grid": { "left": 12, "right": 28, "top": 48, "bottom": 12, "containLabel": true },
        "textStyle": { "fontFamily": FONT, "fontSize": 13 },
        "tooltip": { "trigger": "axis", "confine": true },
    })
}

fn bars(chart: &Bars, table: &Table) -> Result<Json> {
    let (format, bars) = data::bars(chart, table)?;
    let is_up = chart.direction == Direction::Up;
    let bar = |value: &Value| {
        let text = data::label(chart.direction, format, value.value);
        json!({
            "value": rounded(format, value.value), "note": value.note,
            // The whisker has the text at its end.
            "label": { "formatter": text, "show": value.interval.is_none() },
        })
    };
    let names: Vec<&String> = bars.iter().map(|bar| &bar.name).collect();
    let whiskers = whiskers(&bars, (chart.direction, format));
    let highest = bars.iter().filter_map(|bar| Some(bar.value.as_ref()?.bounds()));
    let (low, high) = highest.fold((0.0, 0.0), |ends: (f64, f64), (low, high)| {
        (ends.0.min(rounded(format, low)), ends.1.max(rounded(format, high)))
    });
    let bars: Vec<Option<Json>> = bars.iter().map(|row| row.value.as_ref().map(bar)).collect();
    // Each bar shows its number, so the axis needs no labels.
    let mut values = json!({
        "type": "value", "axisLabel": { "show": false }, "splitLine": { "show": false },
    });
    if !whiskers.is_empty() {
        let ticks = ticks(low, high);
        values["max"] = json!(ticks.last());
        values["min"] = json!(ticks.first());
    }
    let names = json!({ "type": "category", "data": names, "axisTick": { "show": false } });
    let mut option = option(&chart.title);
    let (x, y, width, position) = if is_up {
        option["grid"]["top"] = json!(24);
        (names, values, 36, "top")
    } else {
        option["grid"]["top"] = json!(8);
        option["grid"]["right"] = json!(64);
        (values, names, 26, "right")
    };
    option["xAxis"] = x;
    option["yAxis"] = y;
    option["series"] = json!([{
        "type": "bar",
        "data": bars,
        "barMaxWidth": width,
        "label": { "show": true, "position": position },
        "markLine": {
            "silent": true, "symbol": "rect", "symbolSize": [1.5, 8], "data": whiskers,
            "lineStyle": { "color": INK, "type": "solid", "width": 1.5 },
            "label": { "show": true, "position": "end", "color": INK },
        },
    }]);
    Ok(option)
}

/// Returns the intervals of bars as lines from the lower to the upper bound, each with the text of
/// its bar at the end.
fn whiskers(bars: &[Bar], (direction, format): (Direction, Format)) -> Vec<Json> {
    let whisker = |(at, bar): (usize, &Bar)| {
        let value = bar.value.as_ref().filter(|value| value.interval.is_some())?;
        let coord = |bound: f64| match direction {
            Direction::Right => json!([rounded(format, bound), at]),
            Direction::Up => json!([at, rounded(format, bound)]),
        };
        let (low, high) = value.bounds();
        let text = data::label(direction, format, value.value);
        let label = json!({ "formatter": text });
        Some(json!([{ "coord": coord(low), "label": label }, { "coord": coord(high) }]))
    };
    bars.iter().enumerate().filter_map(whisker).collect()
}

fn lines(chart: &Lines, table: &Table) -> Result<Json> {
    Ok(plot(&chart.title, &data::lines(chart, table)?, chart.mark))
}

fn series(chart: &Series, table: &Table) -> Result<Json> {
    Ok(plot(&chart.title, &data::series(chart, table)?, None))
}

fn plot(title: &str, plot: &Plot, mark: Option<f64>) -> Json {
    let Plot { lines, format, axis } = plot;
    let mut series: Vec<Json> = lines.iter().map(|line| curve(line, *format, axis)).collect();
    if let (Some(at), Some(first)) = (mark, series.first_mut()) {
        first["markLine"] = json!({
            "silent": true,
            "symbol": "none",
            "lineStyle": { "color": "#64748b", "type": "dashed" },
            "label": { "show": false },
            "data": [{ "yAxis": at }],
        });
    }
    series.extend(lines.iter().flat_map(|line| band(line, *format)));
    let mut option = option(title);
    if lines.len() > 1 {
        // Many names would be as high as the chart.
        let kind = if lines.len() > 6 { "scroll" } else { "plain" };
        option["grid"]["top"] = json!(if lines.len() > 3 { 72 } else { 56 });
        option["legend"] = json!({
            "top": 0, "left": 0, "itemGap": 14, "type": kind,
            "textStyle": { "fontFamily": FONT, "fontSize": 13 },
            "data": lines.iter().map(|line| &line.name).collect::<Vec<_>>(),
        });
    } else {
        option["grid"]["top"] = json!(16);
    }
    option["xAxis"] = match axis {
        Axis::Numbers { unit, last } => json!({
            "type": "value", "min": 0, "max": last,
            "axisLabel": {
                "formatter": format!("{unit} {{value}}").trim_start(), "hideOverlap": true,
            },
        }),
        Axis::Labels(labels) => json!({
            "type": "category", "data": labels, "boundaryGap": false,
            "axisLabel": { "hideOverlap": true },
        }),
    };
    option["yAxis"] = json!({ "type": "value" });
    let ((low, high), is_cut) = plot.range(mark);
    if is_cut {
        let ticks = ticks(low * factor(*format), high * factor(*format));
        option["yAxis"]["min"] = json!(ticks.first());
        option["yAxis"]["max"] = json!(ticks.last());
    } else if let Some(mark) = mark.filter(|mark| high <= *mark) {
        // ECharts would not draw a mark above all lines without this.
        option["yAxis"]["max"] = json!(mark);
    }
    option["series"] = json!(series);
    option
}

/// Returns a line with its points.
fn curve(line: &Line, format: Format, axis: &Axis) -> Json {
    let Line { position, name, points } = line;
    let point = |(at, value): &(u32, Option<Value>)| match value {
        Some(value) => json!({
            "value": [at, rounded(format, value.value)],
            "note": value.note, "at": axis.show(*at),
        }),
        // The line ends where too few users have reached an age.
        None => json!({ "value": [at, null], "note": UNKNOWN, "at": axis.show(*at) }),
    };
    // Many points would hide their line.
    let symbol = if points.len() > 40 { 3 } else { 7 };
    json!({
        "type": "line", "name": name, "data": points.iter().map(point).collect::<Vec<_>>(),
        "symbolSize": symbol, "color": COLORS[position % COLORS.len()],
    })
}

/// Returns the band of the intervals of a line, if it has any: an invisible line at the lower
/// bounds, and stacked on it the distance to the upper ones. They have the name of the line, so that
/// the legend hides all three.
fn band(line: &Line, format: Format) -> Vec<Json> {
    let Line { position, name, points } = line;
    let bounds = |value: &Value| {
        let (low, high) = value.bounds();
        (rounded(format, low), rounded(format, high))
    };
    if !points.iter().flat_map(|(_, value)| value).any(|value| value.interval.is_some()) {
        return Vec::new();
    }
    let part = |of: &dyn Fn((f64, f64)) -> f64, opacity: f64| {
        let point = |(at, value): &(u32, Option<Value>)| {
            json!([at, value.as_ref().map(|value| of(bounds(value)))])
        };
        json!({
            "type": "line", "name": name, "data": points.iter().map(point).collect::<Vec<_>>(),
            "stack": format!("band {position}"), "stackStrategy": "all",
            "silent": true, "symbol": "none", "lineStyle": { "opacity": 0 },
            "areaStyle": { "opacity": opacity }, "color": COLORS[position % COLORS.len()],
            "emphasis": { "disabled": true }, "z": 1,
        })
    };
    vec![part(&|(low, _)| low, 0.0), part(&|(low, high)| high - low, 0.13)]
}

/// Returns the factor from a value to the number that is drawn: shares are drawn in percent.
fn factor(format: Format) -> f64 {
    if matches!(format, Format::Percent | Format::Rate) { 100.0 } else { 1.0 }
}

/// Rounds a value to what a chart can show: percent to a tenth, rates to a thousandth of a percent,
/// all else to a hundredth.
fn rounded(format: Format, value: f64) -> f64 {
    match format {
        Format::Percent => (value * 1_000.0).round() / 10.0,
        Format::Rate => (value * 100_000.0).round() / 1_000.0,
        _ => (value * 100.0).round() / 100.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_color_has_one_for_dark_pages() {
        let script = include_str!("../../assets/report.js");
        for color in COLORS {
            assert!(script.contains(&format!("\"{color}\": \"#")), "{color}");
        }
    }
}

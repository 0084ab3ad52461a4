//! Charts as options of Apache ECharts, which draws them in the browser.

use serde_json::{Value as Json, json};

use super::Chart;
use super::data::{self, Axis, Line, Plot, Value};
use super::kinds::{Bars, Direction, Lines, Series};
use super::style::{COLORS, FONT};
use crate::format::{Format, UNKNOWN};
use crate::{Result, Table};

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
            "value": rounded(format, value.value), "label": { "formatter": text }, "note": value.note,
        })
    };
    let names: Vec<&String> = bars.iter().map(|bar| &bar.name).collect();
    let bars: Vec<Option<Json>> = bars.iter().map(|row| row.value.as_ref().map(bar)).collect();
    // Each bar shows its number, so the axis needs no labels.
    let values = json!({
        "type": "value", "axisLabel": { "show": false }, "splitLine": { "show": false },
    });
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
    }]);
    Ok(option)
}

fn lines(chart: &Lines, table: &Table) -> Result<Json> {
    Ok(plot(&chart.title, &data::lines(chart, table)?, chart.mark))
}

fn series(chart: &Series, table: &Table) -> Result<Json> {
    Ok(plot(&chart.title, &data::series(chart, table)?, None))
}

fn plot(title: &str, plot: &Plot, mark: Option<f64>) -> Json {
    let Plot { lines, format, axis } = plot;
    let values = lines.iter().flat_map(|line| &line.points);
    let values = values.filter_map(|(_, value)| Some(value.as_ref()?.value));
    let highest = values.fold(f64::NEG_INFINITY, f64::max);
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
    option["grid"]["top"] = json!(72);
    option["legend"] = json!({
        "top": 0, "left": 0, "itemGap": 14, "type": "scroll",
        "textStyle": { "fontFamily": FONT, "fontSize": 13 },
        "data": lines.iter().map(|line| &line.name).collect::<Vec<_>>(),
    });
    option["xAxis"] = match axis {
        Axis::Numbers { unit, last } => json!({
            "type": "value", "min": 0, "max": last,
            "axisLabel": { "formatter": format!("{unit} {{value}}"), "hideOverlap": true },
        }),
        Axis::Labels(labels) => json!({
            "type": "category", "data": labels, "boundaryGap": false,
            "axisLabel": { "hideOverlap": true },
        }),
    };
    option["yAxis"] = json!({ "type": "value" });
    // ECharts would not draw a mark above all lines without this.
    if let Some(mark) = mark.filter(|mark| highest < *mark) {
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

/// Rounds a value to what a chart can show: percent to a tenth, rates to a thousandth of a percent,
/// all else to a hundredth.
fn rounded(format: Format, value: f64) -> f64 {
    match format {
        Format::Percent => (value * 1_000.0).round() / 10.0,
        Format::Rate => (value * 100_000.0).round() / 1_000.0,
        _ => (value * 100.0).round() / 100.0,
    }
}

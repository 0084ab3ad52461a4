//! Bar charts with the intervals of their values.

use super::canvas::{AXIS, Anchor, Canvas, INK, MUTED_INK, WIDTH, digits, truncated, width_of};
use super::scale::Scale;
use crate::chart::data::{self, Bar, Value};
use crate::chart::kinds::{Bars, Direction};
use crate::chart::style::COLORS;
use crate::format::Format;
use crate::{Result, Table};

/// The height of a row of horizontal bars.
const ROW: f64 = 34.0;
/// The maximum width of a label beside a bar.
const LABELS: f64 = 200.0;
/// The height of upright bars.
const PLOT: f64 = 240.0;

/// Draws one bar per row, with its interval and value.
pub(crate) fn bars(chart: &Bars, table: &Table) -> Result<String> {
    let (format, bars) = data::bars(chart, table)?;
    Ok(match chart.direction {
        Direction::Right => horizontal(&chart.title, format, &bars),
        Direction::Up => vertical(&chart.title, format, &bars),
    })
}

/// Returns the range of bars and intervals, which always includes 0.
fn value_range(bars: &[Bar]) -> (f64, f64) {
    let values = bars.iter().filter_map(|bar| bar.value.as_ref());
    let ends = values.flat_map(|value| [value.value, upper(value), lower(value)]);
    ends.fold((0.0, 0.0), |(low, high), end| (f64::min(low, end), f64::max(high, end)))
}

/// Returns the lower bound of a value, or the value itself without one.
fn lower(value: &Value) -> f64 {
    value.interval.map_or(value.value, |interval| interval.low)
}

/// Returns the upper bound of a value, or the value itself without one.
fn upper(value: &Value) -> f64 {
    value.interval.and_then(|interval| interval.high).unwrap_or(value.value)
}

fn horizontal(title: &str, format: Format, bars: &[Bar]) -> String {
    let labels = bars.iter().map(|bar| width_of(&bar.name)).fold(0.0, f64::max).min(LABELS) + 12.0;
    let scale = Scale::new(value_range(bars), (labels, WIDTH - 72.0));
    let height = ROW * bars.len() as f64 + 8.0;
    let mut canvas = Canvas::new(title, WIDTH, height);
    for (row, Bar { name, value }) in bars.iter().rev().enumerate() {
        let Some(value) = value else { continue };
        let middle = ROW * (row as f64 + 0.5) + 4.0;
        let name = truncated(name, LABELS);
        canvas.text((labels - 8.0, middle), Anchor::End, MUTED_INK, &name);
        let (zero, end) = (scale.at(0.0), scale.at(value.value));
        let (corner, size) = ((zero.min(end), middle - 10.0), ((end - zero).abs(), 20.0));
        canvas.rect(corner, size, COLORS[0], &value.note);
        if value.interval.is_some() {
            let bounds = (scale.at(lower(value)), scale.at(upper(value)));
            canvas.whisker((bounds.0, middle), (bounds.1, middle));
        }
        let right = zero.max(end).max(scale.at(upper(value)));
        let text = data::label(Direction::Right, format, value.value);
        canvas.text((right + 10.0, middle), Anchor::Start, INK, &text);
    }
    canvas.line((scale.at(0.0), 2.0), (scale.at(0.0), height - 2.0), AXIS, "");
    canvas.finish()
}

fn vertical(title: &str, format: Format, bars: &[Bar]) -> String {
    let scale = Scale::new(value_range(bars), (PLOT, 24.0));
    let slot = WIDTH / bars.len().max(1) as f64;
    let width = (slot * 0.7).min(44.0);
    let mut canvas = Canvas::new(title, WIDTH, PLOT + 28.0);
    for (position, Bar { name, value }) in bars.iter().enumerate() {
        let middle = slot * (position as f64 + 0.5);
        canvas.text((middle, PLOT + 14.0), Anchor::Middle, MUTED_INK, &truncated(name, slot));
        let Some(value) = value else { continue };
        let (zero, end) = (scale.at(0.0), scale.at(value.value));
        let corner = (middle - width / 2.0, zero.min(end));
        canvas.rect(corner, (width, (end - zero).abs()), COLORS[0], &value.note);
        if value.interval.is_some() {
            let bounds = (scale.at(lower(value)), scale.at(upper(value)));
            canvas.whisker((middle, bounds.0), (middle, bounds.1));
        }
        let top = zero.min(end).min(scale.at(upper(value)));
        let text = data::label(Direction::Up, format, value.value);
        canvas.text((middle, top - 10.0), Anchor::Middle, INK, &text);
    }
    let (zero, right) = (digits(scale.at(0.0)), digits(WIDTH));
    canvas.push(&format!("<path d=\"M0 {zero}H{right}\" stroke=\"{AXIS}\"/>"));
    canvas.finish()
}

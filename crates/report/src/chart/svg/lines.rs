//! Line charts with bands for the intervals of their values.

use super::canvas::{
    AXIS, Anchor, Canvas, GRID_LINE, MUTED_INK, WIDTH, digits, escaped, truncated, width_of,
};
use super::scale::{Scale, ticks};
use crate::chart::data::{self, Axis, Line, Plot, Value};
use crate::chart::kinds::{Lines, Series};
use crate::chart::style::COLORS;
use crate::format::Format;
use crate::{Result, Table};

/// The height of the plot.
const PLOT: f64 = 260.0;
/// The height of a row of the legend.
const LEGEND: f64 = 22.0;

/// Draws one line per row with its band, and a legend above.
pub(crate) fn lines(chart: &Lines, table: &Table) -> Result<String> {
    Ok(draw(&chart.title, &data::lines(chart, table)?, chart.mark))
}

/// Draws one line per column with its band, and a legend above.
pub(crate) fn series(chart: &Series, table: &Table) -> Result<String> {
    Ok(draw(&chart.title, &data::series(chart, table)?, None))
}

fn draw(title: &str, plot: &Plot, mark: Option<f64>) -> String {
    let Plot { lines, format, axis } = plot;
    let places = legend(lines);
    let legend_rows = places.last().map_or(0.0, |(_, y)| y / LEGEND + 1.0);
    let top = LEGEND * legend_rows + 14.0;
    let ((low, high), _) = plot.range(mark);
    let marks = ticks(low, high);
    let bottom = top + PLOT;
    let mut canvas = Canvas::new(title, WIDTH, bottom + 28.0);

    for (line, (x, y)) in lines.iter().zip(&places) {
        let (color, middle) = (COLORS[line.position % COLORS.len()], y + 11.0);
        canvas.line((*x, middle), (x + 22.0, middle), color, " stroke-width=\"2\"");
        canvas.push(&circle((x + 11.0, middle), color, ""));
        canvas.text((x + 28.0, middle), Anchor::Start, MUTED_INK, &truncated(&line.name, 280.0));
    }

    let step = marks.get(1).zip(marks.first()).map_or(1.0, |(second, first)| second - first);
    let numbers: Vec<String> = marks.iter().map(|mark| axis_number(*format, *mark, step)).collect();
    let left = numbers.iter().map(|text| width_of(text)).fold(0.0, f64::max) + 14.0;
    let ends = (marks.first().copied().unwrap_or(low), marks.last().copied().unwrap_or(high));
    let y = Scale::new(ends, (bottom, top));
    for (mark, number) in marks.iter().zip(&numbers) {
        canvas.line((left, y.at(*mark)), (WIDTH - 16.0, y.at(*mark)), GRID_LINE, "");
        canvas.text((left - 8.0, y.at(*mark)), Anchor::End, MUTED_INK, number);
    }
    let x = Scale::new((0.0, axis.last()), (left, WIDTH - 16.0));
    for (mark, text) in axis.ticks(WIDTH - left) {
        canvas.line((x.at(mark), bottom), (x.at(mark), bottom + 5.0), AXIS, "");
        // The text must not extend beyond the edges.
        let half = width_of(&text) / 2.0;
        let anchor = match x.at(mark) {
            at if at > WIDTH - half => Anchor::End,
            at if at < half => Anchor::Start,
            _ => Anchor::Middle,
        };
        canvas.text((x.at(mark), bottom + 16.0), anchor, MUTED_INK, &text);
    }
    canvas.line((left, bottom), (WIDTH - 16.0, bottom), AXIS, "");
    if let Some(mark) = mark {
        let dashed = " stroke-dasharray=\"4 4\"";
        canvas.line((left, y.at(mark)), (WIDTH - 16.0, y.at(mark)), "#64748b", dashed);
    }

    for line in lines {
        let color = COLORS[line.position % COLORS.len()];
        for run in runs(line) {
            canvas.push(&band(&run, &x, (&y, ends), color));
            canvas.push(&path(&run, &x, &y, color));
        }
    }
    for line in lines {
        let color = COLORS[line.position % COLORS.len()];
        for (at, value) in line.points.iter().filter_map(|(at, value)| Some((at, value.as_ref()?)))
        {
            let note = format!("{}, {}: {}", line.name, axis.show(*at), value.note);
            canvas.push(&circle((x.at(f64::from(*at)), y.at(value.value)), color, &note));
        }
    }
    canvas.finish()
}

impl Axis {
    /// Returns the last position.
    fn last(&self) -> f64 {
        match self {
            Self::Numbers { last, .. } => f64::from(*last),
            Self::Labels(labels) => labels.len().saturating_sub(1) as f64,
        }
    }

    /// Returns the positions with their texts, as many as fit the width.
    fn ticks(&self, width: f64) -> Vec<(f64, String)> {
        match self {
            Self::Numbers { unit, .. } => {
                let marks = ticks(0.0, self.last()).into_iter().filter(|mark| *mark <= self.last());
                marks.map(|mark| (mark, format!("{unit} {mark}").trim_start().into())).collect()
            }
            Self::Labels(labels) => {
                let widest = labels.iter().map(|label| width_of(label)).fold(0.0, f64::max) + 14.0;
                let step = (widest * labels.len() as f64 / width).ceil().max(1.0);
                let position = |at: usize| at as f64;
                let is_shown = |at: &usize| position(*at) % step == 0.0;
                let shown = (0..labels.len()).filter(is_shown);
                shown.map(|at| (position(at), labels[at].clone())).collect()
            }
        }
    }
}

/// Returns the position of each legend entry; entries wrap to as many rows as necessary.
fn legend(lines: &[Line]) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (0.0, 0.0);
    let place = |line: &Line| {
        let width = width_of(&truncated(&line.name, 280.0)) + 46.0;
        if x > 0.0 && x + width > WIDTH {
            (x, y) = (0.0, y + LEGEND);
        }
        let place = (x, y);
        x += width;
        place
    };
    lines.iter().map(place).collect()
}

/// Splits a line into runs without missing values.
fn runs(line: &Line) -> Vec<Vec<(f64, &Value)>> {
    let mut runs = vec![Vec::new()];
    for (at, value) in &line.points {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push((f64::from(*at), value)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn path(run: &[(f64, &Value)], x: &Scale, y: &Scale, color: &str) -> String {
    let corners = corners(run.iter().map(|(at, value)| (x.at(*at), y.at(value.value))));
    format!("<polyline points=\"{corners}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>")
}

/// Returns the band of a run, cut at the ends of the axis.
fn band(run: &[(f64, &Value)], x: &Scale, (y, ends): (&Scale, (f64, f64)), color: &str) -> String {
    let at = |bound: f64| y.at(bound.clamp(ends.0, ends.1));
    let lower = run.iter().map(|(position, value)| (x.at(*position), at(value.bounds().0)));
    let upper = run.iter().rev().map(|(position, value)| (x.at(*position), at(value.bounds().1)));
    let corners = corners(lower.chain(upper));
    format!("<polygon points=\"{corners}\" fill=\"{color}\" fill-opacity=\"0.1\"/>")
}

fn corners(corners: impl Iterator<Item = (f64, f64)>) -> String {
    corners.map(|(x, y)| format!("{},{}", digits(x), digits(y))).collect::<Vec<_>>().join(" ")
}

/// Returns a circle with the tooltip `note`.
fn circle((x, y): (f64, f64), color: &str, note: &str) -> String {
    let (x, y, note) = (digits(x), digits(y), escaped(note));
    let title = if note.is_empty() { String::new() } else { format!("<title>{note}</title>") };
    format!(
        "<circle cx=\"{x}\" cy=\"{y}\" r=\"3.5\" fill=\"#fff\" stroke=\"{color}\" \
         stroke-width=\"2\">{title}</circle>"
    )
}

/// Formats a number of the vertical axis with as many decimal places as `step` needs, large ones in
/// thousands (k), millions (M) or billions (B); the unit is in the title.
fn axis_number(format: Format, value: f64, step: f64) -> String {
    let factor = if matches!(format, Format::Percent | Format::Rate) { 100.0 } else { 1.0 };
    let (value, step) = (value * factor, step * factor);
    let units = [(1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")];
    let unit = units.into_iter().find(|(from, ..)| value.abs() >= *from);
    let (size, sign) = unit.map_or((1.0, ""), |(_, size, sign)| (size, sign));
    let places = (0..9usize).find(|places| {
        let scaled = step / size * 10f64.powf(*places as f64);
        (scaled - scaled.round()).abs() < 1e-6
    });
    format!("{:.*}{sign}", places.unwrap_or(9), value / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_an_axis_are_short() {
        let number = |value, step| axis_number(Format::Dollars, value, step);
        assert_eq!(number(0.0, 500_000.0), "0");
        assert_eq!(number(500_000.0, 500_000.0), "500k");
        assert_eq!(number(1_500_000.0, 500_000.0), "1.5M");
        assert_eq!(number(2_000.0, 1_000.0), "2000");
        assert_eq!(axis_number(Format::Rate, 0.001_5, 0.000_5), "0.15");
    }

    #[test]
    fn as_many_labels_are_shown_as_fit() {
        let labels = (1..=24).map(|month| format!("2026-{month:02}")).collect();
        let ticks = Axis::Labels(labels).ticks(600.0);
        assert_eq!(ticks.len(), 8, "every third of 24, each 63 wide");
        assert_eq!(ticks[1], (3.0, "2026-04".to_owned()));
    }
}

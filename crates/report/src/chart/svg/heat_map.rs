//! Heat maps: a colored cell per value, with its number.

use super::canvas::{Anchor, Canvas, INK, MUTED_INK, truncated, width_of};
use crate::chart::data;
use crate::chart::kinds::HeatMap;
use crate::{Result, Table};

/// The colors of the levels, the same as in the page's style (`report.css`).
pub(crate) const LEVELS: [&str; 11] = [
    "#f0fdfa", "#dcf7f1", "#c2efe6", "#a0e3d8", "#77d2c6", "#4fbdb1", "#2fa398", "#187d75",
    "#126a63", "#0e5853", "#0b4743",
];
/// The level from which cells are dark and their numbers white.
const DARK_LEVEL: u8 = 7;
/// The colour of a cell without a value.
const EMPTY_CELL: &str = "#f1f5f9";

/// The minimum width and the height of a cell.
const CELL: (f64, f64) = (44.0, 30.0);

/// Draws one colored cell per value, with its number.
pub(crate) fn heat_map(chart: &HeatMap, table: &Table) -> Result<String> {
    let grid = data::grid(chart, table)?;
    let widest = |texts: &mut dyn Iterator<Item = &String>| {
        texts.map(|text| width_of(text)).fold(0.0, f64::max)
    };
    let labels = grid.rows.iter().map(|row| &row.label);
    let labels = widest(&mut labels.chain([&grid.label])).min(200.0);
    let users = grid.rows.iter().map(|row| &row.users);
    let users = widest(&mut users.chain([&grid.users])) + 16.0;
    let texts = grid.rows.iter().flat_map(|row| row.cells.iter().map(|cell| &cell.text));
    let cell = widest(&mut texts.chain(&grid.columns)).max(CELL.0 - 12.0) + 12.0;
    let left = labels + users + 10.0;
    let width = left + (cell + 2.0) * grid.columns.len() as f64;
    let height = (CELL.1 + 2.0) * (grid.rows.len() as f64 + 1.0);
    let mut canvas = Canvas::new(&chart.title, width, height);

    let head = CELL.1 / 2.0;
    canvas.text((0.0, head), Anchor::Start, MUTED_INK, &grid.label);
    canvas.text((labels + users, head), Anchor::End, MUTED_INK, &grid.users);
    for (position, name) in grid.columns.iter().enumerate() {
        let middle = left + (cell + 2.0) * position as f64 + cell / 2.0;
        canvas.text((middle, head), Anchor::Middle, MUTED_INK, name);
    }
    for (position, row) in grid.rows.iter().enumerate() {
        let top = (CELL.1 + 2.0) * (position as f64 + 1.0);
        let middle = top + CELL.1 / 2.0;
        if row.is_total {
            canvas.push("<g font-weight=\"bold\">");
        }
        canvas.text((0.0, middle), Anchor::Start, INK, &truncated(&row.label, 200.0));
        canvas.text((labels + users, middle), Anchor::End, MUTED_INK, &row.users);
        for (position, value) in row.cells.iter().enumerate() {
            let x = left + (cell + 2.0) * position as f64;
            let fill = value.level.and_then(|level| LEVELS.get(usize::from(level)));
            canvas.rect((x, top), (cell, CELL.1), fill.unwrap_or(&EMPTY_CELL), &value.note);
            let ink =
                if value.level.is_some_and(|level| level >= DARK_LEVEL) { "#fff" } else { INK };
            canvas.text((x + cell / 2.0, middle), Anchor::Middle, ink, &value.text);
        }
        if row.is_total {
            canvas.push("</g>");
        }
    }
    Ok(canvas.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_the_colors_of_the_stylesheet() {
        let css = include_str!("../../../assets/report.css");
        for (level, color) in LEVELS.iter().enumerate() {
            let white = if level >= usize::from(DARK_LEVEL) { " color: #fff;" } else { "" };
            let rule = format!(".l{level} {{ background: {color};{white} }}");
            assert!(css.contains(&rule), "{rule}");
        }
    }
}

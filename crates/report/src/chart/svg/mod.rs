//! Charts as SVG, drawn from the values without a script or a browser.

mod bars;
mod canvas;
mod heat_map;
mod lines;
mod scale;

pub(super) use bars::bars;
pub(super) use heat_map::heat_map;
pub(super) use lines::{lines, series};
pub(super) use scale::ticks;

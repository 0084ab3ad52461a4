//! Colors and fonts of charts, shared by all renderers.

/// The colors of lines, in the order of the rows, so that a cohort has the same color in all charts
/// of a page.
pub(super) const COLORS: [&str; 6] =
    ["#0f766e", "#2563eb", "#b45309", "#7c3aed", "#be123c", "#475569"];

/// The fonts are listed in full, because charts measure text before the page's style is applied.
pub(super) const FONT: &str =
    "system-ui, -apple-system, Segoe UI, Roboto, Liberation Sans, sans-serif";

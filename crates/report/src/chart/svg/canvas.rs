//! The canvas: an SVG element under construction, and the text in it.

use std::fmt::Write as _;

use crate::chart::style::FONT;

/// The width of a drawing; its height depends on the content.
pub(super) const WIDTH: f64 = 640.0;

/// The color of texts.
pub(super) const INK: &str = "#0f172a";
pub(super) const MUTED_INK: &str = "#475569";
pub(super) const GRID_LINE: &str = "#e2e8f0";
pub(super) const AXIS: &str = "#94a3b8";

/// The alignment of a text relative to its position.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// An SVG element under construction. Positions count from its upper left corner.
pub(super) struct Canvas {
    title: String,
    width: f64,
    height: f64,
    body: String,
}

impl Canvas {
    /// Creates an empty drawing with the title `title`.
    pub(super) fn new(title: &str, width: f64, height: f64) -> Self {
        Self { title: title.into(), width, height, body: String::new() }
    }

    /// Adds a text that is vertically centered at `y`.
    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, color: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        // The baseline is about a third of the font size below the middle.
        let (x, y, text) = (digits(x), digits(y + 4.5), escaped(text));
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{color}\">{text}</text>"
        );
    }

    /// Adds a line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str, more: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(digits);
        let _ = writeln!(
            self.body,
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{color}\"{more}/>"
        );
    }

    /// Adds a rectangle with the tooltip `note`.
    pub(super) fn rect(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        fill: &str,
        note: &str,
    ) {
        let [x, y, width, height] = [x, y, width, height].map(digits);
        let note = escaped(note);
        let _ = writeln!(
            self.body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\">\
             <title>{note}</title></rect>"
        );
    }

    /// Adds a whisker from `from` to `to` with a bar at each end.
    pub(super) fn whisker(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.line(from, to, INK, "");
        let is_level = from.1 == to.1;
        let (x, y) = if is_level { (0.0, 4.0) } else { (4.0, 0.0) };
        for end in [from, to] {
            self.line((end.0 - x, end.1 - y), (end.0 + x, end.1 + y), INK, "");
        }
    }

    /// Adds any other element.
    pub(super) fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// Returns the complete SVG element.
    pub(super) fn finish(self) -> String {
        let Self { title, width, height, body } = self;
        let (title, width, height) = (escaped(&title), digits(width), digits(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\" \
             font-family=\"{FONT}\" font-size=\"13\">\n<title>{title}</title>\n{body}</svg>\n"
        )
    }
}

/// Formats a length with at most two decimal places.
pub(super) fn digits(length: f64) -> String {
    let text = format!("{length:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// Escapes `text` for an element or an attribute, and replaces control characters, which XML cannot
/// contain.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Estimates the width of a text.
pub(super) fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * 7.0
}

/// Truncates a text that is wider than `width`, and ends it with an ellipsis.
pub(super) fn truncated(text: &str, width: f64) -> String {
    if width_of(text) <= width {
        return text.into();
    }
    let mut cut = String::new();
    for character in text.chars() {
        if width_of(&cut) + 14.0 > width {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    cut
}

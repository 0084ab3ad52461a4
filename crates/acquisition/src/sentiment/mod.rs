//! Sentiment scores of texts: the port, and a lexicon-based implementation that needs no model.

mod lexicon;
mod rules;
mod vader;
mod word;

use std::fmt::Debug;

pub use vader::Vader;

/// A sentiment model. Implement it to plug in another model.
///
/// ```
/// use tidegauge_acquisition::sentiment::Sentiment;
///
/// /// Hears nothing but exclamation marks.
/// #[derive(Debug)]
/// struct Loudness;
///
/// impl Sentiment for Loudness {
///     fn name(&self) -> &str {
///         "loudness"
///     }
///
///     fn score(&self, text: &str, _language: Option<&str>) -> Option<f64> {
///         Some(if text.contains('!') { 1.0 } else { 0.0 })
///     }
/// }
///
/// assert_eq!(Loudness.score("To the moon!", Some("en")), Some(1.0));
/// ```
pub trait Sentiment: Debug + Send + Sync {
    /// Returns the name, for logs and errors.
    fn name(&self) -> &str;

    /// Returns a score from -1 (bad) to 1 (good), or `None` if the text cannot be scored, such as for an
    /// unsupported language.
    ///
    /// # Behavior
    /// - Called once per text, on the thread that reads the source: it should be fast.
    /// - `language` is a BCP 47 tag; `None` if it is unknown.
    fn score(&self, text: &str, language: Option<&str>) -> Option<f64>;
}

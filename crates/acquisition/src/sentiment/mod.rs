//! How good or bad a text sounds: the port, and a lexicon that needs no model.

mod rules;
mod vader;

use std::fmt::Debug;

pub use vader::Vader;

/// Judges texts. Bring a model of your own by implementing it.
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
    /// Its name, for logs and errors.
    fn name(&self) -> &str;

    /// From -1 (bad) to 1 (good); none where it cannot judge: a language that it does not know.
    ///
    /// # Behavior
    /// - Called once a text, on the thread that reads the source: keep it short.
    /// - `language` is a BCP 47 tag; none where nobody knows.
    fn score(&self, text: &str, language: Option<&str>) -> Option<f64>;
}

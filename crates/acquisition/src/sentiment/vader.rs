//! The sentiment model VADER: its lexicon, its tokenizer and its rules combined.

use std::fmt;

use super::Sentiment;
use super::lexicon::Lexicon;
use super::rules;
use super::word::Word;

/// VADER, a lexicon and a set of rules for short English texts with slang and emoticons: Hutto and Gilbert,
/// "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", ICWSM 2014. The
/// score is the *compound* score of the original, not rounded.
///
/// The lexicon has no market jargon: add words by [`with`](Self::with).
///
/// ```
/// use tidegauge_acquisition::sentiment::{Sentiment, Vader};
///
/// let vader = Vader::new();
/// assert!(vader.score("What a great day :)", Some("en")) > Some(0.5));
/// assert_eq!(vader.score("Quelle belle journée", Some("fr")), None);
///
/// let trader = Vader::new().with("rekt", -2.5);
/// assert!(trader.score("got rekt", Some("en")) < Some(-0.5));
/// ```
#[derive(Clone)]
pub struct Vader(Lexicon);

impl fmt::Debug for Vader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vader of {} words", self.0.len())
    }
}

impl Default for Vader {
    fn default() -> Self {
        Self::new()
    }
}

impl Vader {
    /// Creates the model with the published lexicon.
    pub fn new() -> Self {
        Self(Lexicon::new())
    }

    /// Adds a word, or replaces its rating, from -4 (very bad) to 4 (very good).
    #[must_use]
    pub fn with(mut self, word: &str, rating: f64) -> Self {
        self.0.insert(word.to_lowercase(), rating);
        self
    }
}

impl Sentiment for Vader {
    fn name(&self) -> &str {
        "vader"
    }

    fn score(&self, text: &str, language: Option<&str>) -> Option<f64> {
        let language = language?.split(['-', '_']).next()?;
        if !language.eq_ignore_ascii_case("en") {
            return None;
        }
        let text = self.0.replace_emoji(text);
        let words: Vec<_> =
            text.split(is_space).filter(|token| !token.is_empty()).map(Word::of).collect();
        (!words.is_empty()).then(|| rules::compound(&self.0, &text, &words))
    }
}

/// Returns `true` for the separators of the original, which treats four control characters as spaces, too.
fn is_space(char: char) -> bool {
    char.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_lexicon_is_read() {
        let vader = Vader::new();
        assert_eq!(vader.0.counts(), (7_506, 1_212));
        assert_eq!(vader.0.rating("sux"), Some(-1.5));
    }

    #[test]
    fn only_english_is_scored() {
        let vader = Vader::new();
        for language in ["en", "EN", "en-GB", "en_US"] {
            assert!(vader.score("good", Some(language)) > Some(0.0), "{language}");
        }
        for language in [Some("de"), Some("und"), Some(""), Some("eng"), None] {
            assert_eq!(vader.score("good", language), None, "{language:?}");
        }
        assert_eq!(vader.score(" \n", Some("en")), None, "there is nothing to judge");
        assert_eq!(vader.score("the", Some("en")), Some(0.0));
    }
}

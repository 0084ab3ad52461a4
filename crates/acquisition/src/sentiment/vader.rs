//! VADER's lexicon and tokenizer.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use super::{Sentiment, rules};

/// The lexicon: word and mean rating from -4 to 4; see `data/README.md`.
const WORDS: &str = include_str!("../../data/vader/words.tsv");

/// The emoji and their descriptions in English.
const EMOJI: &str = include_str!("../../data/vader/emoji.tsv");

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
pub struct Vader {
    words: HashMap<Cow<'static, str>, f64>,
    emoji: HashMap<char, &'static str>,
}

impl fmt::Debug for Vader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vader of {} words", self.words.len())
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
        let pairs = |text: &'static str| text.lines().filter_map(|line| line.split_once('\t'));
        let word = |(word, rating): (&'static str, &str)| {
            rating.parse().ok().map(|rating| (Cow::Borrowed(word), rating))
        };
        let emoji = |(emoji, shows): (&str, &'static str)| Some((emoji.chars().next()?, shows));
        Self {
            words: pairs(WORDS).filter_map(word).collect(),
            emoji: pairs(EMOJI).filter_map(emoji).collect(),
        }
    }

    /// Adds a word, or replaces its rating, from -4 (very bad) to 4 (very good).
    #[must_use]
    pub fn with(mut self, word: &str, rating: f64) -> Self {
        self.words.insert(Cow::Owned(word.to_lowercase()), rating);
        self
    }

    /// Returns the rating of a lowercase word, or `None` if it is not in the lexicon.
    pub(super) fn rating(&self, word: &str) -> Option<f64> {
        self.words.get(word).copied()
    }

    /// Returns `text` with every emoji replaced by its description.
    fn spelled_out(&self, text: &str) -> String {
        let mut spelled = String::with_capacity(text.len());
        let mut after_space = true;
        for char in text.chars() {
            if let Some(shows) = self.emoji.get(&char) {
                if !after_space {
                    spelled.push(' ');
                }
                spelled.push_str(shows);
                after_space = false;
            } else {
                spelled.push(char);
                after_space = char == ' ';
            }
        }
        spelled
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
        let text = self.spelled_out(text);
        let words: Vec<_> =
            text.split(is_space).filter(|token| !token.is_empty()).map(Word::of).collect();
        (!words.is_empty()).then(|| rules::compound(self, &text, &words))
    }
}

/// Returns `true` for the separators of the original, which treats four control characters as spaces, too.
fn is_space(char: char) -> bool {
    char.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&char)
}

/// A word or an emoticon.
#[derive(Debug)]
pub(super) struct Word {
    /// The word in lowercase.
    pub(super) lower: String,
    /// Whether the word is in capitals.
    pub(super) loud: bool,
}

impl Word {
    /// Creates a word from `token` without the punctuation around it, which is kept if so little remains that
    /// the token is likely an emoticon.
    fn of(token: &str) -> Self {
        let bare = token.trim_matches(|char: char| char.is_ascii_punctuation());
        let word = if bare.chars().nth(2).is_none() { token } else { bare };
        let loud = word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase);
        Self { lower: word.to_lowercase(), loud }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.lower == word
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.contains(&self.lower.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_lexicon_is_read() {
        let vader = Vader::new();
        assert_eq!((vader.words.len(), vader.emoji.len()), (7_506, 1_212));
        assert_eq!(vader.rating("sux"), Some(-1.5));
    }

    #[test]
    fn only_english_is_judged() {
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

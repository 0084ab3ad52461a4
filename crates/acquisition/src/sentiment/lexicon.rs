//! VADER's lexicon: the ratings of words, and the descriptions of emoji.

use std::borrow::Cow;
use std::collections::HashMap;

/// The lexicon: word and mean rating from -4 to 4; see `data/README.md`.
const WORDS: &str = include_str!("../../data/vader/words.tsv");

/// The emoji and their descriptions in English.
const EMOJI: &str = include_str!("../../data/vader/emoji.tsv");

/// The ratings of words, and the descriptions of emoji.
#[derive(Clone)]
pub(super) struct Lexicon {
    words: HashMap<Cow<'static, str>, f64>,
    emoji: HashMap<char, &'static str>,
}

impl Lexicon {
    /// Creates the published lexicon.
    pub(super) fn new() -> Self {
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

    /// Sets the rating of a lowercase word.
    pub(super) fn insert(&mut self, word: String, rating: f64) {
        self.words.insert(Cow::Owned(word), rating);
    }

    /// Returns the number of words.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Returns the numbers of words and of emoji.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.words.len(), self.emoji.len())
    }

    /// Returns the rating of a lowercase word, or `None` if it is not in the lexicon.
    pub(super) fn rating(&self, word: &str) -> Option<f64> {
        self.words.get(word).copied()
    }

    /// Returns `text` with every emoji replaced by its description.
    pub(super) fn replace_emoji(&self, text: &str) -> String {
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

//! The words of a text, with the properties that the rules use.

/// A word or an emoticon.
#[derive(Debug)]
pub(super) struct Word {
    /// The word in lowercase.
    pub(super) lower: String,
    /// Whether the word is in capitals.
    pub(super) is_upper: bool,
}

impl Word {
    /// Creates a word from `token` without the punctuation around it, which is kept if so little remains that
    /// the token is likely an emoticon.
    pub(super) fn of(token: &str) -> Self {
        let bare = token.trim_matches(|char: char| char.is_ascii_punctuation());
        let word = if bare.chars().nth(2).is_none() { token } else { bare };
        let is_upper =
            word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase);
        Self { lower: word.to_lowercase(), is_upper }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.lower == word
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.contains(&self.lower.as_str())
    }
}

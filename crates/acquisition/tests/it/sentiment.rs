//! Tests that this implementation of VADER gives the same scores as the original.
#![cfg(feature = "x")]

use std::sync::LazyLock;

use crate::support::recording;
use proptest::prelude::*;
use tidegauge_acquisition::sentiment::{Sentiment, Vader};

static VADER: LazyLock<Vader> = LazyLock::new(Vader::new);

/// Returns the sentences of a file, each with the score of the original.
fn scored(name: &str) -> Vec<(f64, String)> {
    let text = String::from_utf8(recording(&format!("vader/{name}.scored-by-3.3.2.tsv"))).unwrap();
    let line = |line: &str| {
        let (score, sentence) = line.split_once('\t').unwrap();
        (score.parse().unwrap(), sentence.to_owned())
    };
    text.lines().map(line).collect()
}

fn agree(sentences: &[(f64, String)]) {
    for (score, sentence) in sentences {
        let found = VADER.score(sentence, Some("en")).unwrap();
        // The original rounds to four decimals.
        assert!((found - score).abs() < 0.000_051, "{found} is not {score}: {sentence}");
    }
}

#[test]
fn the_published_examples_have_their_scores() {
    let sentences = scored("published_examples");
    assert_eq!(sentences.len(), 29);
    agree(&sentences);
}

#[test]
fn generated_sentences_have_the_scores_of_the_original() {
    let sentences = scored("made_up");
    assert_eq!(sentences.len(), 400);
    agree(&sentences);
}

proptest! {
    #[test]
    fn any_text_is_scored(text in any::<String>()) {
        let score = VADER.score(&text, Some("en"));
        prop_assert!(score.is_none_or(|score| (-1.0..=1.0).contains(&score)));
    }

    #[test]
    fn any_words_are_scored(
        words in proptest::collection::vec("(no|never|so|this|but|least|at|kind|of|good|BAD|!!!|[?]{1,5}|:\\)|😁|\\PC{1,4})", 0..12),
    ) {
        let score = VADER.score(&words.join(" "), Some("en"));
        prop_assert!(score.is_none_or(|score| (-1.0..=1.0).contains(&score)));
    }
}

#[test]
fn an_extreme_rating_keeps_the_score_in_range() {
    for rating in [f64::NAN, f64::INFINITY, -1e308] {
        let score = Vader::new().with("moon", rating).score("moon moon", Some("en")).unwrap();
        assert!((-1.0..=1.0).contains(&score), "{rating}: {score}");
    }
}

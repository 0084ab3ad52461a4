//! VADER's rules: how the context of a word changes its rating.
//!
//! They follow the original exactly (vaderSentiment 3.3.2), including its quirks, so that scores are
//! comparable with published ones.

use super::lexicon::Lexicon;
use super::word::Word;

/// The amount that an intensifying word adds to a rating.
const BOOST: f64 = 0.293;
/// The amount that capitals in mixed-case text add.
const CAPITALS_BOOST: f64 = 0.733;
/// The factor of a negated rating.
const NEGATED: f64 = -0.74;

const NEGATIONS: &[&str] = &[
    "aint", "arent", "cannot", "cant", "couldnt", "darent", "didnt", "doesnt", "dont", "hadnt",
    "hasnt", "havent", "isnt", "mightnt", "mustnt", "neither", "neednt", "never", "none", "nope",
    "nor", "not", "nothing", "nowhere", "oughtnt", "shant", "shouldnt", "uhuh", "wasnt", "werent",
    "uh-uh", "without", "wont", "wouldnt", "rarely", "seldom", "despite",
];

const STRENGTHEN: &[&str] = &[
    "absolutely",
    "amazingly",
    "awfully",
    "completely",
    "considerable",
    "considerably",
    "decidedly",
    "deeply",
    "effing",
    "enormous",
    "enormously",
    "entirely",
    "especially",
    "exceptional",
    "exceptionally",
    "extreme",
    "extremely",
    "fabulously",
    "flipping",
    "flippin",
    "frackin",
    "fracking",
    "fricking",
    "frickin",
    "frigging",
    "friggin",
    "fully",
    "fuckin",
    "fucking",
    "fuggin",
    "fugging",
    "greatly",
    "hella",
    "highly",
    "hugely",
    "incredible",
    "incredibly",
    "intensely",
    "major",
    "majorly",
    "more",
    "most",
    "particularly",
    "purely",
    "quite",
    "really",
    "remarkably",
    "so",
    "substantially",
    "thoroughly",
    "total",
    "totally",
    "tremendous",
    "tremendously",
    "uber",
    "unbelievably",
    "unusually",
    "utter",
    "utterly",
    "very",
];

const WEAKEN: &[&str] = &[
    "almost",
    "barely",
    "hardly",
    "kinda",
    "kindof",
    "kind-of",
    "less",
    "little",
    "marginal",
    "marginally",
    "occasional",
    "occasionally",
    "partly",
    "scarce",
    "scarcely",
    "slight",
    "slightly",
    "somewhat",
    "sorta",
    "sortof",
    "sort-of",
];

const WEAKEN_IN_TWO_WORDS: &[&str] = &["just enough", "kind of", "sort of"];

const IDIOMS: &[(&str, f64)] = &[
    ("the shit", 3.0),
    ("the bomb", 3.0),
    ("bad ass", 1.5),
    ("badass", 1.5),
    ("bus stop", 0.0),
    ("yeah right", -2.0),
    ("kiss of death", -1.5),
    ("to die for", 3.0),
    ("beating heart", 3.5),
];

/// Returns the compound score of a text: the sum of its ratings, normalized to -1 to 1.
pub(super) fn compound(lexicon: &Lexicon, text: &str, words: &[Word]) -> f64 {
    let is_upper = words.iter().filter(|word| word.is_upper).count();
    let context = TextContext { lexicon, words, mixed: 0 < is_upper && is_upper < words.len() };
    let mut ratings: Vec<f64> = (0..words.len()).map(|at| context.rating(at)).collect();
    weigh_around_but(words, &mut ratings);
    let sum: f64 = ratings.iter().sum();
    let sum = if sum == 0.0 { sum } else { sum + emphasis(text).copysign(sum) };
    let score = sum / (sum * sum + 15.0).sqrt();
    if score.is_finite() { score.clamp(-1.0, 1.0) } else { 0.0 }
}

/// Returns the amount that exclamation marks and question marks add.
fn emphasis(text: &str) -> f64 {
    let exclamations = u32::try_from(text.matches('!').count()).unwrap_or(u32::MAX).min(4);
    let questions = u32::try_from(text.matches('?').count()).unwrap_or(u32::MAX);
    let asked = match questions {
        0 | 1 => 0.0,
        2 | 3 => f64::from(questions) * 0.18,
        _ => 0.96,
    };
    f64::from(exclamations) * 0.292 + asked
}

/// Halves the ratings before the first "but" and multiplies those after it by 1.5.
///
/// The original looks up each rating by its value, and so changes the first of equal ratings each time.
fn weigh_around_but(words: &[Word], ratings: &mut [f64]) {
    let Some(but) = words.iter().position(|word| word.is("but")) else { return };
    for at in 0..ratings.len() {
        let rating = ratings[at];
        let first = ratings.iter().position(|other| *other == rating).unwrap_or(at);
        if first < but {
            ratings[first] = rating * 0.5;
        } else if first > but {
            ratings[first] = rating * 1.5;
        }
    }
}

fn boost(word: &Word) -> Option<f64> {
    if word.is_any(STRENGTHEN) {
        Some(BOOST)
    } else if word.is_any(WEAKEN) {
        Some(-BOOST)
    } else {
        None
    }
}

fn negates(word: &Word) -> bool {
    word.is_any(NEGATIONS) || word.lower.contains("n't")
}

struct TextContext<'a> {
    lexicon: &'a Lexicon,
    words: &'a [Word],
    /// Whether some words, but not all, are in capitals.
    mixed: bool,
}

impl TextContext<'_> {
    /// Returns the rating of the word at `at`, adjusted for its context.
    fn rating(&self, at: usize) -> f64 {
        let word = &self.words[at];
        let kind_of = word.is("kind") && self.words.get(at + 1).is_some_and(|next| next.is("of"));
        let known = self.lexicon.rating(&word.lower);
        let (Some(known), None, false) = (known, boost(word), kind_of) else { return 0.0 };
        let mut rating = self.unless_no(at, known);
        if word.is_upper && self.mixed {
            rating += if rating > 0.0 { CAPITALS_BOOST } else { -CAPITALS_BOOST };
        }
        for (back, fade) in [(1, 1.0), (2, 0.95), (3, 0.9)] {
            let Some(before) = at.checked_sub(back).map(|before| &self.words[before]) else {
                break;
            };
            if self.is_rated(before) {
                continue;
            }
            rating += self.boosted(before, rating) * fade;
            rating = self.negated(at, back, rating);
            if back == 3 {
                rating = self.idiom(at, rating);
            }
        }
        if self.is_negated_by_least(at) { rating * NEGATED } else { rating }
    }

    fn is_rated(&self, word: &Word) -> bool {
        self.lexicon.rating(&word.lower).is_some()
    }

    /// Returns the word `back` words before `at`, or `None` before the first.
    fn before(&self, at: usize, back: usize) -> Option<&Word> {
        self.words.get(at.checked_sub(back)?)
    }

    fn before_is(&self, at: usize, back: usize, words: &[&str]) -> bool {
        self.before(at, back).is_some_and(|word| word.is_any(words))
    }

    /// Returns the rating `known` adjusted for "no", which negates a rated word after it and has no rating of
    /// its own then.
    fn unless_no(&self, at: usize, known: f64) -> f64 {
        let no = |back| self.before_is(at, back, &["no"]);
        if no(1) || no(2) || (no(3) && self.before_is(at, 1, &["or", "nor"])) {
            return known * NEGATED;
        }
        let next = self.words.get(at + 1);
        let alone = !next.is_some_and(|next| self.is_rated(next));
        if self.words[at].is("no") && !alone { 0.0 } else { known }
    }

    fn boosted(&self, before: &Word, rating: f64) -> f64 {
        let Some(boost) = boost(before) else { return 0.0 };
        let boost = if rating < 0.0 { -boost } else { boost };
        match before.is_upper && self.mixed {
            true if rating > 0.0 => boost + CAPITALS_BOOST,
            true => boost - CAPITALS_BOOST,
            false => boost,
        }
    }

    fn negated(&self, at: usize, back: usize, rating: f64) -> f64 {
        let is = |back, words: &[&str]| self.before_is(at, back, words);
        let (so, doubt) = (&["so", "this"], &["doubt"]);
        match back {
            2 if is(2, &["never"]) && is(1, so) => return rating * 1.25,
            2 if is(2, &["without"]) && is(1, doubt) => return rating,
            // The second condition applies without a "never", as in the original.
            3 if (is(3, &["never"]) && is(2, so)) || is(1, so) => return rating * 1.25,
            3 if is(3, &["without"]) && (is(2, doubt) || is(1, doubt)) => return rating,
            _ => {}
        }
        if self.before(at, back).is_some_and(negates) { rating * NEGATED } else { rating }
    }

    /// Returns the words from `from` to `to` words before `at`, joined by spaces, or `None` if any is
    /// missing.
    fn phrase(&self, at: usize, from: isize, to: isize) -> Option<String> {
        let place = |back: isize| at.checked_add_signed(-back);
        let words = self.words.get(place(from)?..=place(to)?)?;
        let words: Vec<_> = words.iter().map(|word| word.lower.as_str()).collect();
        Some(words.join(" "))
    }

    /// Returns the rating adjusted for idioms, whose meaning differs from that of their words. Called from
    /// the fourth word on.
    fn idiom(&self, at: usize, rating: f64) -> f64 {
        let known = |(from, to)| {
            let phrase = self.phrase(at, from, to)?;
            IDIOMS.iter().find(|(idiom, _)| *idiom == phrase).map(|(_, rating)| *rating)
        };
        let back = [(1, 0), (2, 0), (2, 1), (3, 1), (3, 2)].into_iter().find_map(known);
        let ahead = known((0, -2)).or_else(|| known((0, -1)));
        let weakened = [(3, 2), (2, 1)].into_iter().filter_map(|(from, to)| {
            let phrase = self.phrase(at, from, to)?;
            WEAKEN_IN_TWO_WORDS.contains(&phrase.as_str()).then_some(-BOOST)
        });
        ahead.or(back).unwrap_or(rating) + weakened.sum::<f64>()
    }

    /// Returns `true` if "least" precedes the word, and not "at least" or "very least".
    fn is_negated_by_least(&self, at: usize) -> bool {
        let least = self.before(at, 1).is_some_and(|word| word.is("least") && !self.is_rated(word));
        least && !self.before_is(at, 2, &["at", "very"])
    }
}

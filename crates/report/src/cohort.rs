//! Names of cohorts in headings, ids, columns and sentences.

use tidegauge_analytics::Cohort;

use crate::format::label;
use crate::question::period_name;
use crate::vocabulary::Vocabulary;

/// Returns the heading of a cohort's column: `Account tier`, `Month of signup`.
pub(crate) fn title(cohort: &Cohort) -> String {
    match cohort {
        Cohort::Everyone => "Group".into(),
        Cohort::Signup(period) => capitalized(&format!("{} of signup", period_name(*period))),
        Cohort::Dimension(name) if name == "tier" => "Account tier".into(),
        Cohort::Dimension(name) => capitalized(&name.replace('_', " ")),
        Cohort::Cross(first, second) => {
            let [first, second] =
                [first, second].map(|name| title(&Cohort::dimension(name.as_str())).to_lowercase());
            capitalized(&format!("{first} and {second}"))
        }
    }
}

/// Returns the title within a sentence: `account tier`.
pub(crate) fn phrase(cohort: &Cohort) -> String {
    title(cohort).to_lowercase()
}

/// Returns the name of a cohort's column: `account_tier`.
pub(crate) fn column(cohort: &Cohort) -> String {
    phrase(cohort).replace(' ', "_")
}

/// Returns the name of a cohort within the id of a panel: `tier`, `month`.
pub(crate) fn id(cohort: &Cohort) -> String {
    match cohort {
        Cohort::Everyone => "everyone".into(),
        Cohort::Signup(period) => period_name(*period).into(),
        Cohort::Dimension(name) => name.replace('_', "-"),
        Cohort::Cross(first, second) => format!("{first}-{second}").replace('_', "-"),
    }
}

/// Returns a phrase for the users of one cohort: `Users from paid search`, `Users with country DE`.
pub(crate) fn users(cohort: &Cohort, name: Option<&str>, words: Vocabulary) -> String {
    let phrase = phrase(cohort);
    let (name, users) = (label(name, &phrase), words.say("Users"));
    let said = words.say(&phrase);
    match cohort {
        Cohort::Everyone => users,
        _ if name == format!("no {phrase}") => format!("{users} with {name}"),
        Cohort::Dimension(dimension) if dimension == "channel" => format!("{users} from {name}"),
        _ => format!("{users} with {said} {name}"),
    }
}

/// Returns a text that begins with a capital, with spaces for underscores.
pub(crate) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => {
            let rest = characters.as_str().replace('_', " ");
            first.to_uppercase().chain(rest.chars()).collect()
        }
        None => String::new(),
    }
}

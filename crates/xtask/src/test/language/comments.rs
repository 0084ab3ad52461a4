//! Counts over the comments and closures of a file.

use std::ops::AddAssign;

/// Pronouns of persons, which name no component.
const PERSONS: [&str; 11] = [
    "nobody",
    "somebody",
    "everybody",
    "anybody",
    "someone",
    "anyone",
    "everyone",
    "whoever",
    "whom",
    "whomever",
    "whosoever",
];

/// Words that end like a verb of the third person and are none.
const NO_VERBS: [&str; 45] = [
    "Always", "Amounts", "As", "Bytes", "Cells", "Coins", "Columns", "Cursors", "Days", "Fees",
    "Files", "Hours", "Its", "Keys", "Lines", "Minutes", "Names", "Numbers", "Others", "Ours",
    "Perhaps", "Plus", "Points", "Prices", "Rates", "Rows", "Seconds", "Settings", "Sources",
    "Tables", "Texts", "Theirs", "This", "Times", "Trades", "Units", "Us", "Users", "Values",
    "Whereas", "Windows", "Posts", "Pages", "Candles", "Decimals",
];

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Functions with docs.
    docs: usize,
    /// Functions whose docs begin with a verb.
    verbs: usize,
    /// Pronouns of persons in comments.
    pub(super) persons: usize,
    /// Closures over a variable called `it`.
    pub(super) it: usize,
    /// Files that are too long.
    pub(super) long_files: usize,
    /// Public functions of libraries that return a result and do not document its errors.
    pub(super) undocumented_errors: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.docs += other.docs;
        self.verbs += other.verbs;
        self.persons += other.persons;
        self.it += other.it;
        self.long_files += other.long_files;
        self.undocumented_errors += other.undocumented_errors;
    }
}

impl Counts {
    /// Adds the counts of a file whose content is `text`; of more than `most` lines it is too long. Errors sections are
    /// required in libraries only.
    pub(super) fn add(&mut self, text: &str, most: usize, is_library: bool) {
        self.long_files += usize::from(text.lines().count() > most);
        // The docs of the next item.
        let mut docs: Vec<&str> = Vec::new();
        let mut lines = text.lines().map(str::trim_start);
        while let Some(line) = lines.next() {
            if let Some(comment) = line.strip_prefix("//") {
                // In code spans they are names of values.
                let prose = comment.split('`').step_by(2);
                self.persons += prose.flat_map(words).filter(|word| is_person(word)).count();
                docs.extend(comment.strip_prefix('/'));
                continue;
            }
            self.it += closures_over_it(line);
            if line.starts_with("#[") {
                continue;
            }
            if let (Some(first), true) = (docs.first(), is_function(line)) {
                self.docs += 1;
                self.verbs += usize::from(begins_with_verb(first));
                let names_errors = docs.iter().any(|line| line.trim() == "# Errors");
                if is_library && line.starts_with("pub ") && !names_errors {
                    self.undocumented_errors += usize::from(returns_result(line, lines.clone()));
                }
            }
            docs.clear();
        }
    }

    /// Returns the share of function docs that begin with a verb, in whole percent, rounded down.
    pub(super) fn percent(&self) -> usize {
        (100 * self.verbs).checked_div(self.docs).unwrap_or(100)
    }

    /// Returns the counts as a line of the table.
    pub(super) fn line(&self, name: &str) -> String {
        let Self { docs, persons, it, long_files, undocumented_errors: errors, .. } = self;
        let percent = self.percent();
        format!(
            "{name:<12} {docs:>6} {percent:>4} % {persons:>8} {it:>4} {long_files:>5} {errors:>7}"
        )
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn is_person(word: &str) -> bool {
    PERSONS.contains(&word.to_lowercase().as_str())
}

/// Returns `true` if a line of code declares a function.
fn is_function(line: &str) -> bool {
    let qualifiers = ["const", "async", "unsafe", "default"];
    let is_qualifier = |word: &&str| qualifiers.contains(word) || word.starts_with("pub");
    let visible = match line.strip_prefix("pub(") {
        Some(rest) => rest.split_once(')').map_or(rest, |(_, rest)| rest),
        None => line,
    };
    visible.split_whitespace().find(|word| !is_qualifier(word)) == Some("fn")
}

/// Returns `true` if the signature that begins with `line`, and ends in one of the lines after it, returns a `Result`.
fn returns_result<'a>(line: &'a str, rest: impl Iterator<Item = &'a str>) -> bool {
    let mut signature = String::new();
    for line in [line].into_iter().chain(rest) {
        signature.push_str(line);
        if line.ends_with('{') || line.ends_with(';') || line.ends_with('}') {
            break;
        }
    }
    signature.split_once("->").is_some_and(|(_, returned)| {
        let returned = returned.trim_start().split('{').next().unwrap_or_default();
        returned.starts_with("Result<")
            || returned.contains("::Result<")
            || returned.trim() == "Result"
    })
}

/// Returns `true` if docs begin with a verb of the third person, as in `Returns`.
fn begins_with_verb(docs: &str) -> bool {
    let word = docs.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.clone().count() > 0
        && letters.all(char::is_lowercase)
        && word.ends_with('s')
        && !NO_VERBS.contains(&word)
}

/// Returns the number of closures in a line that have a parameter called `it`.
fn closures_over_it(line: &str) -> usize {
    let mut parts = line.split('|');
    parts.next();
    let parameters = parts.step_by(2);
    parameters.filter(|part| !part.contains('"') && words(part).any(|word| word == "it")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_of_functions_are_judged_by_their_first_word() {
        for (text, docs, verbs) in [
            ("/// Returns it.\npub(crate) async fn a() {}", 1, 1),
            ("/// The rows.\n#[must_use]\npub const fn a() {}", 1, 0),
            ("/// Rows of it.\nfn a() {}", 1, 0),
            ("/// Reads.\n///\n/// The rest.\n    fn a() {}", 1, 1),
            ("/// Returns.\nstruct A;", 0, 0),
            ("fn a() {}", 0, 0),
        ] {
            let mut counts = Counts::default();
            counts.add(text, 400, false);
            assert_eq!((counts.docs, counts.verbs), (docs, verbs), "{text}");
        }
    }

    #[test]
    fn persons_and_it_are_counted() {
        let mut counts = Counts::default();
        counts.add(
            &"// Nobody, whoever, and `everyone`.\nlet a = list.map(|IT| b).filter(|(IT, c)| c);\n"
                .replace("IT", "it"),
            1,
            false,
        );
        assert_eq!((counts.persons, counts.it, counts.long_files), (2, 2, 1));
        assert_eq!(closures_over_it(&"a || IT || b".replace("IT", "it")), 0);
    }

    #[test]
    fn public_functions_of_libraries_document_their_errors() {
        for (text, missing) in [
            ("/// Reads.\npub fn a() -> Result<u8> {", 1),
            ("/// Reads.\n///\n/// # Errors\n/// Never.\npub fn a() -> Result<u8> {", 0),
            ("/// Reads.\npub async fn a(\n    b: u8,\n) -> io::Result<u8> {", 1),
            ("/// Reads.\npub(crate) fn a() -> Result<u8> {", 0),
            ("/// Reads.\npub fn a() -> Option<u8> {\n    b::<Result<u8>>()", 0),
        ] {
            let mut counts = Counts::default();
            counts.add(text, 400, true);
            assert_eq!(counts.undocumented_errors, missing, "{text}");
            counts = Counts::default();
            counts.add(text, 400, false);
            assert_eq!(counts.undocumented_errors, 0, "not a library");
        }
    }
}

//! Which of the names that a file or a query has is the one that is asked for.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Returns the place of `name` among those that there are: the exact one, or else the one that differs in case, in
/// accents or in blanks around it alone.
///
/// # Errors
/// When it is there twice, or when none is exact and several are alike.
pub(crate) fn find(have: &[&str], name: &str) -> Result<Option<usize>, String> {
    let mut exact = have.iter().enumerate().filter(|(_, other)| **other == name);
    match (exact.next(), exact.next()) {
        (Some(_), Some(_)) => return Err(format!("`{name}` is there twice")),
        (Some((at, _)), None) => return Ok(Some(at)),
        (None, _) => {}
    }
    let folded = fold(name);
    let mut alike = have.iter().enumerate().filter(|(_, other)| fold(other) == folded);
    match (alike.next(), alike.next()) {
        (Some((_, one)), Some((_, other))) => Err(format!(
            "there is no `{name}`, and both `{one}` and `{other}` may be meant: name one of them"
        )),
        (found, _) => Ok(found.map(|(at, _)| at)),
    }
}

/// Returns a name without what people write in several ways.
pub(crate) fn fold(name: &str) -> String {
    let plain = name.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>();
    plain.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_name_comes_before_those_that_are_alike() {
        let have = ["Amount", "amount", " Straße", "Montant\u{a0}réglé", "ID"];
        for (name, at) in [
            ("amount", Ok(Some(1))),
            ("Amount", Ok(Some(0))),
            ("id", Ok(Some(4))),
            ("straße", Ok(Some(2))),
            ("montant regle", Ok(Some(3))),
            ("MONTANT RE\u{301}GLE\u{301}", Ok(Some(3))),
            ("montant_regle", Ok(None)),
            ("strasse", Ok(None)),
        ] {
            assert_eq!(find(&have, name), at, "{name}");
        }
        let error = find(&have, "AMOUNT").unwrap_err();
        assert!(error.contains("`Amount`") && error.contains("`amount`"), "{error}");
        assert!(find(&["a", "a"], "a").unwrap_err().contains("twice"));
        assert_eq!(find(&["a", "a"], "b"), Ok(None));
    }
}

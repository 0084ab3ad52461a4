//! Lookup of a requested name among those of a file or a query.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Returns the index of `name` in `have`: that of the exact name, or else of one that differs only
/// in case, accents or surrounding blanks. `None` if there is neither.
///
/// # Errors
/// Returns an error if the name occurs twice, or if several names are similar and none is exact.
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

/// Returns a name without accents and surrounding blanks, in lower case.
pub(crate) fn fold(name: &str) -> String {
    let plain = name.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>();
    plain.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_names_take_precedence_over_similar_ones() {
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

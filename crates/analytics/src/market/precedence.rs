//! The precedence of sources.

/// Returns the rank of `source` in `precedence`; `precedence.len()` if it is not named there.
///
/// `kraken` stands for its whole family, `kraken_stream` and others that begin with `kraken_`,
/// except for members that are named themselves.
pub(crate) fn rank(precedence: &[String], source: &str) -> usize {
    let family = |name: &str| {
        source.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let named = precedence.iter().enumerate().filter(|(_, name)| family(name));
    named.max_by_key(|(_, name)| name.len()).map_or(precedence.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn sources_of_a_family_share_a_rank() {
        let named = ["coingecko", "kraken_stream", "kraken"].map(str::to_owned);
        for (source, expected) in [
            ("coingecko", 0),
            ("coingecko_pro", 0),
            ("kraken_stream", 1),
            ("kraken_stream_v2", 1),
            ("kraken", 2),
            ("kraken_futures", 2),
            ("krakenish", 3),
            ("k", 3),
            ("", 3),
        ] {
            assert_eq!(rank(&named, source), expected, "{source}");
        }
        assert_eq!(rank(&[], "kraken"), 0);
    }
}

//! Where users live: what they pay in, when they are awake, and how far they come.

#[cfg(doc)]
use super::assets::FIATS;

/// A country.
#[derive(Debug)]
pub(super) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(super) name: &'static str,
    /// The place of its currency among [`FIATS`].
    pub(super) fiat: usize,
    /// Its share of the users of a channel that favours none.
    pub(super) share: f64,
    /// How much later than in London the day begins, in hours.
    pub(super) west: i64,
    /// By how much more or fewer than elsewhere pass the identity check…
    pub(super) passes: f64,
    /// …and come to a first trade after it.
    pub(super) starts: f64,
}

const fn country(
    name: &'static str,
    fiat: usize,
    share: f64,
    west: i64,
    [passes, starts]: [f64; 2],
) -> Country {
    Country { name, fiat, share, west, passes, starts }
}

/// All of them, with the places of their currencies. The shares add up to one.
pub(super) const COUNTRIES: [Country; 8] = [
    country("US", 0, 0.38, 6, [1.00, 1.00]),
    country("GB", 2, 0.16, 0, [1.02, 1.01]),
    country("DE", 1, 0.13, -1, [1.04, 0.97]),
    country("CA", 3, 0.12, 5, [0.99, 1.02]),
    country("FR", 1, 0.08, -1, [0.96, 0.95]),
    country("ES", 1, 0.05, -1, [0.93, 1.04]),
    country("NL", 1, 0.04, -1, [1.05, 1.03]),
    country("IT", 1, 0.04, -1, [0.90, 0.96]),
];

/// Their names, in the same order.
pub(super) const NAMES: [&str; COUNTRIES.len()] = {
    let mut names = [""; COUNTRIES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = COUNTRIES[at].name;
        at += 1;
    }
    names
};

/// How much is done in each hour of the local day, in proportion.
const LOCAL: [f64; 24] = [
    0.45, 0.30, 0.22, 0.18, 0.18, 0.25, 0.45, 0.75, 1.00, 1.15, 1.20, 1.20, 1.25, 1.20, 1.20, 1.20,
    1.25, 1.35, 1.50, 1.65, 1.70, 1.50, 1.10, 0.75,
];

impl Country {
    /// How much is done in each hour of the day, UTC; a day's add up to one.
    pub(super) fn hours(&self) -> [f64; 24] {
        let total: f64 = LOCAL.iter().sum();
        let mut hours = [0.0; 24];
        for (local, share) in (0..).zip(LOCAL) {
            let hour = usize::try_from((local + self.west).rem_euclid(24)).unwrap_or_default();
            hours[hour] = share / total;
        }
        hours
    }
}

/// The shares of the countries among the users of a channel that draws on the first one `home` times as
/// often as others do.
pub(super) fn mix(home: f64) -> [f64; COUNTRIES.len()] {
    let first = (COUNTRIES[0].share * home).min(1.0);
    let others = (1.0 - first) / (1.0 - COUNTRIES[0].share);
    let mut mix = [0.0; COUNTRIES.len()];
    for (share, country) in mix.iter_mut().zip(&COUNTRIES) {
        *share = country.share * others;
    }
    mix[0] = first;
    mix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_one() {
        for home in [0.8, 1.0, 1.3] {
            let mix = mix(home);
            assert!((mix.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!((mix[0] - 0.38 * home).abs() < 1e-12);
        }
        for country in &COUNTRIES {
            assert!((country.hours().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn evenings_are_livelier_than_nights_where_users_are() {
        let hours = |name: &str| {
            let country = COUNTRIES.iter().find(|it| it.name == name).unwrap();
            country.hours()
        };
        // Eight in the evening in London, and in the middle of America six hours later.
        assert!(hours("GB")[20] > 5.0 * hours("GB")[3]);
        assert!((hours("US")[2] - hours("GB")[20]).abs() < 1e-12);
        assert!((hours("DE")[19] - hours("GB")[20]).abs() < 1e-12);
    }
}

//! Countries of users: currency, local hours, and their effect on the signup funnel.

#[cfg(doc)]
use crate::exchange::market::assets::FIATS;

/// A country.
#[derive(Debug)]
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2 code.
    pub(crate) name: &'static str,
    /// Index of its currency in [`FIATS`].
    pub(crate) fiat: usize,
    /// Share of users of a channel without country preference.
    pub(crate) share: f64,
    /// Hours by which its local time is behind London's.
    pub(crate) hours_west: i64,
    /// Factor on the share of users who pass the identity check.
    pub(crate) kyc_factor: f64,
    /// Factor on the share of verified users who make a first trade.
    pub(crate) start_factor: f64,
}

/// Creates a country.
const fn country(
    name: &'static str,
    fiat: usize,
    share: f64,
    hours_west: i64,
    [kyc_factor, start_factor]: [f64; 2],
) -> Country {
    Country { name, fiat, share, hours_west, kyc_factor, start_factor }
}

/// All countries. The shares sum to one.
pub(crate) const COUNTRIES: [Country; 8] = [
    country("US", 0, 0.38, 6, [1.00, 1.00]),
    country("GB", 2, 0.16, 0, [1.02, 1.01]),
    country("DE", 1, 0.13, -1, [1.04, 0.97]),
    country("CA", 3, 0.12, 5, [0.99, 1.02]),
    country("FR", 1, 0.08, -1, [0.96, 0.95]),
    country("ES", 1, 0.05, -1, [0.93, 1.04]),
    country("NL", 1, 0.04, -1, [1.05, 1.03]),
    country("IT", 1, 0.04, -1, [0.90, 0.96]),
];

/// Country codes, in the order of [`COUNTRIES`].
pub(crate) const COUNTRY_CODES: [&str; COUNTRIES.len()] = {
    let mut names = [""; COUNTRIES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = COUNTRIES[at].name;
        at += 1;
    }
    names
};

/// Relative activity in each hour of the local day.
const LOCAL_ACTIVITY: [f64; 24] = [
    0.45, 0.30, 0.22, 0.18, 0.18, 0.25, 0.45, 0.75, 1.00, 1.15, 1.20, 1.20, 1.25, 1.20, 1.20, 1.20,
    1.25, 1.35, 1.50, 1.65, 1.70, 1.50, 1.10, 0.75,
];

impl Country {
    /// Returns the share of activity in each hour of the UTC day; the sum is one.
    pub(crate) fn hours(&self) -> [f64; 24] {
        let total: f64 = LOCAL_ACTIVITY.iter().sum();
        let mut hours = [0.0; 24];
        for (local, share) in (0..).zip(LOCAL_ACTIVITY) {
            let hour =
                usize::try_from((local + self.hours_west).rem_euclid(24)).unwrap_or_default();
            hours[hour] = share / total;
        }
        hours
    }
}

/// Returns the shares of the countries for a channel whose share of the first country is multiplied by
/// `home_factor`.
pub(crate) fn mix(home_factor: f64) -> [f64; COUNTRIES.len()] {
    let first = (COUNTRIES[0].share * home_factor).min(1.0);
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
    fn shares_sum_to_one() {
        for home_factor in [0.8, 1.0, 1.3] {
            let mix = mix(home_factor);
            assert!((mix.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!((mix[0] - 0.38 * home_factor).abs() < 1e-12);
        }
        for country in &COUNTRIES {
            assert!((country.hours().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn activity_peaks_in_local_evenings() {
        let hours = |name: &str| {
            let country = COUNTRIES.iter().find(|country| country.name == name).unwrap();
            country.hours()
        };
        // Eight o'clock in the evening in London equals 02:00 UTC in the central US.
        assert!(hours("GB")[20] > 5.0 * hours("GB")[3]);
        assert!((hours("US")[2] - hours("GB")[20]).abs() < 1e-12);
        assert!((hours("DE")[19] - hours("GB")[20]).abs() < 1e-12);
    }
}

//! Parameters of the `classic` preset: coins, countries, acquisition channels and names.

/// Coins, and their weights in random choices.
pub(crate) const COINS: [(&str, u32); 4] = [("BTC", 45), ("ETH", 30), ("SOL", 15), ("USDT", 10)];

/// Countries with their currencies, and their shares of users in percent.
pub(crate) const COUNTRIES: [((&str, &str), u32); 8] = [
    (("US", "USD"), 38),
    (("GB", "GBP"), 16),
    (("DE", "EUR"), 13),
    (("CA", "CAD"), 12),
    (("FR", "EUR"), 8),
    (("ES", "EUR"), 5),
    (("NL", "EUR"), 4),
    (("IT", "EUR"), 4),
];

/// An acquisition channel and the behavior of the users it brings.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: &'static str,
    /// Campaigns with their weights; empty for unpaid channels.
    pub(crate) campaigns: &'static [(&'static str, u32)],
    /// Average cost per signup, in US dollars.
    pub(crate) cost: f64,
    /// Activity of its users, relative to an average of one.
    pub(crate) activity: f64,
    /// Mean lifetime of users who churn, in days.
    pub(crate) stay: f64,
    /// Share of users who never churn.
    pub(crate) loyal: f64,
}

/// Channels, and their shares of users in percent.
pub(crate) const CHANNELS: [(Channel, u32); 5] = [
    (
        Channel {
            name: "organic",
            campaigns: &[],
            cost: 0.0,
            activity: 1.0,
            stay: 75.0,
            loyal: 0.35,
        },
        30,
    ),
    (
        Channel {
            name: "paid_search",
            campaigns: &[("brand-search", 40), ("generic-search", 60)],
            cost: 38.0,
            activity: 1.2,
            stay: 60.0,
            loyal: 0.30,
        },
        25,
    ),
    (
        Channel {
            name: "paid_social",
            campaigns: &[("launch-video", 55), ("lookalike", 45)],
            cost: 24.0,
            activity: 0.5,
            stay: 28.0,
            loyal: 0.12,
        },
        20,
    ),
    (
        Channel {
            name: "affiliate",
            campaigns: &[("partner-network", 100)],
            cost: 46.0,
            activity: 1.5,
            stay: 40.0,
            loyal: 0.20,
        },
        13,
    ),
    (
        Channel {
            name: "referral",
            campaigns: &[],
            cost: 0.0,
            activity: 1.4,
            stay: 90.0,
            loyal: 0.45,
        },
        12,
    ),
];

/// First names of users, in ASCII.
pub(crate) const FIRST_NAMES: [&str; 24] = [
    "amelia", "ben", "carla", "david", "elena", "felix", "grace", "hugo", "ines", "james", "katia",
    "liam", "maria", "noah", "olivia", "pablo", "quinn", "rosa", "samuel", "tessa", "ursula",
    "victor", "willem", "yasmin",
];

/// Last names of users, in ASCII.
pub(crate) const LAST_NAMES: [&str; 24] = [
    "adams", "bauer", "clark", "dubois", "evans", "ferrari", "garcia", "hughes", "jansen",
    "keller", "lopez", "martin", "novak", "ortega", "patel", "quintero", "rossi", "smith",
    "tremblay", "vermeer", "walker", "young", "zeller", "moreau",
];

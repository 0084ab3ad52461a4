//! Acquisition channels: their cost, their funnel, and the model parameters of their users.

use crate::exchange::behavior::btyd::BtydParams;
use crate::exchange::population::countries::{COUNTRIES, mix};

/// A campaign, and its share of the channel's spend.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) name: &'static str,
    pub(crate) share: f64,
}

/// An acquisition channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: &'static str,
    /// Campaigns of the channel; empty for unpaid channels.
    pub(crate) campaigns: &'static [Campaign],
    /// Share of all signups.
    pub(crate) share: f64,
    /// Average cost per signup, in US dollars.
    pub(crate) cost: f64,
    /// Exponent by which signups grow with daily spend; below 1, returns diminish.
    pub(crate) saturation: f64,
    /// Factor on the share of users who come from the first country.
    pub(crate) home_factor: f64,
    /// `true` if its users are referred by other users.
    pub(crate) is_referral: bool,
    /// Funnel before country effects: share of signups who confirm their e-mail, of those who are verified,
    /// and of those who make a first trade or card purchase.
    pub(crate) funnel: [f64; 3],
    pub(crate) btyd: BtydParams,
    /// Fees per US dollar traded within a year of the first trade, on average. There is no closed form,
    /// because it depends on the model parameters, the shares of card purchases and maker orders, and the fee
    /// tiers; a test reproduces it by simulation.
    pub(crate) take_rate: f64,
}

impl Channel {
    /// Returns the funnel for users of one country.
    pub(crate) fn funnel_in(&self, country: usize) -> [f64; 3] {
        let [confirms, passes, starts] = self.funnel;
        let country = &COUNTRIES[country];
        [confirms, (passes * country.kyc_factor).min(1.0), (starts * country.start_factor).min(1.0)]
    }

    /// Returns the probability that a signup makes a first trade or card purchase.
    pub(crate) fn start_probability(&self) -> f64 {
        let shares = mix(self.home_factor).into_iter().enumerate();
        shares.map(|(at, share)| share * self.funnel_in(at).iter().product::<f64>()).sum()
    }
}

/// Returns model parameters with the gamma–gamma shapes that all channels share.
const fn btyd(r: f64, alpha: f64, a: f64, b: f64, gamma: f64) -> BtydParams {
    BtydParams { r, alpha, a, b, p: 1.8, q: 2.4, gamma }
}

/// All channels. The shares sum to one.
pub(crate) const CHANNELS: [Channel; 5] = [
    Channel {
        name: "organic",
        campaigns: &[],
        share: 0.30,
        cost: 0.0,
        saturation: 1.0,
        home_factor: 1.0,
        is_referral: false,
        funnel: [0.93, 0.78, 0.62],
        btyd: btyd(0.62, 9.0, 0.80, 2.9, 1_400.0),
        take_rate: 0.004_139,
    },
    Channel {
        name: "paid_search",
        campaigns: &[
            Campaign { name: "brand-search", share: 0.4 },
            Campaign { name: "generic-search", share: 0.6 },
        ],
        share: 0.25,
        cost: 38.0,
        saturation: 0.8,
        home_factor: 1.3,
        is_referral: false,
        funnel: [0.90, 0.74, 0.60],
        btyd: btyd(0.70, 8.0, 0.85, 2.7, 1_500.0),
        take_rate: 0.004_077,
    },
    Channel {
        name: "paid_social",
        campaigns: &[
            Campaign { name: "launch-video", share: 0.55 },
            Campaign { name: "lookalike", share: 0.45 },
        ],
        share: 0.20,
        cost: 24.0,
        saturation: 0.65,
        home_factor: 0.8,
        is_referral: false,
        funnel: [0.80, 0.60, 0.42],
        btyd: btyd(0.45, 12.0, 1.10, 2.0, 660.0),
        take_rate: 0.004_559,
    },
    Channel {
        name: "affiliate",
        campaigns: &[Campaign { name: "partner-network", share: 1.0 }],
        share: 0.13,
        cost: 46.0,
        saturation: 0.75,
        home_factor: 0.9,
        is_referral: false,
        funnel: [0.88, 0.70, 0.66],
        btyd: btyd(0.85, 7.0, 0.95, 2.6, 2_400.0),
        take_rate: 0.003_699,
    },
    Channel {
        name: "referral",
        campaigns: &[],
        share: 0.12,
        cost: 0.0,
        saturation: 1.0,
        home_factor: 1.0,
        is_referral: true,
        funnel: [0.96, 0.84, 0.72],
        btyd: btyd(0.75, 8.0, 0.70, 3.4, 1_800.0),
        take_rate: 0.003_903,
    },
];

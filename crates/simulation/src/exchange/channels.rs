//! The channels of the exchange: what they cost, whom they bring, and what those are like.

use super::nature::Process;

/// A campaign, and its share of what is spent on the channel.
#[derive(Debug)]
pub(super) struct Campaign {
    pub(super) name: &'static str,
    pub(super) share: f64,
}

/// A way in.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) name: &'static str,
    /// None for a channel that nobody pays for.
    pub(super) campaigns: &'static [Campaign],
    /// Its share of all signups.
    pub(super) share: f64,
    /// What a signup costs on average, in US dollars.
    pub(super) cost: f64,
    /// By which power signups grow with what is spent in a day: below 1, more and more is wasted.
    pub(super) saturation: f64,
    /// The country mix: how much more often than elsewhere its users come from the first countries.
    pub(super) home: f64,
    /// The share of its signups who confirm their e-mail, of these who are verified, and of these who come
    /// to a first trade or purchase.
    pub(super) funnel: [f64; 3],
    pub(super) process: Process,
}

impl Channel {
    /// The probability that a signup comes to a first trade or purchase.
    pub(super) fn starts(&self) -> f64 {
        self.funnel.iter().product()
    }
}

const fn process(r: f64, alpha: f64, a: f64, b: f64, gamma: f64) -> Process {
    Process { r, alpha, a, b, p: 2.2, q: 3.2, gamma }
}

/// All of them. The shares add up to one.
pub(super) const CHANNELS: [Channel; 5] = [
    Channel {
        name: "organic",
        campaigns: &[],
        share: 0.30,
        cost: 0.0,
        saturation: 1.0,
        home: 1.0,
        funnel: [0.93, 0.78, 0.62],
        process: process(0.62, 9.0, 0.80, 2.9, 300.0),
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
        home: 1.3,
        funnel: [0.90, 0.74, 0.60],
        process: process(0.70, 8.0, 0.85, 2.7, 320.0),
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
        home: 0.8,
        funnel: [0.80, 0.60, 0.42],
        process: process(0.45, 12.0, 1.10, 2.0, 140.0),
    },
    Channel {
        name: "affiliate",
        campaigns: &[Campaign { name: "partner-network", share: 1.0 }],
        share: 0.13,
        cost: 46.0,
        saturation: 0.75,
        home: 0.9,
        funnel: [0.88, 0.70, 0.66],
        process: process(0.85, 7.0, 0.95, 2.6, 420.0),
    },
    Channel {
        name: "referral",
        campaigns: &[],
        share: 0.12,
        cost: 0.0,
        saturation: 1.0,
        home: 1.0,
        funnel: [0.96, 0.84, 0.72],
        process: process(0.75, 8.0, 0.70, 3.4, 380.0),
    },
];

//! The inputs that all users share.

use crate::exchange::behavior::activity_clock::ActivityClock;
use crate::exchange::config::ExchangeConfig;
use crate::exchange::market::prices::MarketPrices;
use crate::exchange::marketing::channels::CHANNELS;
use crate::exchange::marketing::signup_plan::SignupPlan;
use crate::exchange::population::countries::mix;
use crate::exchange::population::fraud_ring::{FraudRing, fraud_rings};
use crate::exchange::scenario::{self, Scenario};
use crate::rng::Weighted;
use crate::units::midnight;

/// The inputs that all users share.
#[derive(Debug)]
pub(crate) struct SimulationContext {
    pub(crate) seed: u64,
    /// Start of the first day, in microseconds since 1970.
    pub(crate) opening: i64,
    pub(crate) plan: SignupPlan,
    pub(crate) rings: Vec<FraudRing>,
    pub(crate) prices: MarketPrices,
    pub(crate) clock: ActivityClock,
    /// Country distribution of each channel's users.
    pub(crate) country_mixes: Vec<Weighted>,
    /// Periods during which no identity check completes, in microseconds since 1970.
    outages: Vec<std::ops::Range<i64>>,
}

impl SimulationContext {
    /// Creates the context of an exchange.
    pub(crate) fn new(config: &ExchangeConfig, prices: MarketPrices) -> Self {
        let ExchangeConfig { seed, first_day, days, users, stationary, .. } = *config;
        let opening = midnight(first_day);
        let clock = ActivityClock::new(opening, first_day, &prices, stationary);
        let scenarios = &config.scenarios;
        let outage = |scenario: &Scenario| {
            let Scenario::KycOutage { from, days } = scenario else { return None };
            let (from, to) = scenario::span(*from, Some(*days));
            Some(midnight(from)..midnight(to))
        };
        Self {
            seed,
            opening,
            plan: SignupPlan::new(seed, users, first_day, days.into(), scenarios),
            rings: fraud_rings(scenarios),
            prices,
            clock,
            country_mixes: CHANNELS
                .iter()
                .map(|channel| Weighted::new(mix(channel.home_factor)))
                .collect(),
            outages: scenarios.iter().filter_map(outage).collect(),
        }
    }

    /// Returns the time at which an identity check ends that is submitted at `submitted` and takes `duration`
    /// microseconds.
    pub(crate) fn kyc_completed_at(&self, submitted: i64, duration: i64) -> i64 {
        let mut end = submitted.saturating_add(duration);
        // A check that was delayed by one outage may end within another.
        while let Some(outage) = self.outages.iter().find(|outage| outage.contains(&end)) {
            end = outage.end + duration;
        }
        end
    }
}

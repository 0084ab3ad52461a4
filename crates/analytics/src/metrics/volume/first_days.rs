//! What is known of a user after their first days.

use crate::dates::DAY;
use crate::facts::{KindSet, UserEvents};

/// The number of features.
pub(super) const FEATURES: usize = 6;

/// The definition of the first days.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstDays {
    /// In microseconds.
    pub(super) length: i64,
    pub(super) transactions: KindSet,
    pub(super) purchases: KindSet,
}

/// A user after their first days.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Observed {
    /// The features, in the order of [`Feature::ALL`](super::prediction_table::Feature::ALL).
    pub(super) features: [f64; FEATURES],
    /// The volume of the first days before reversals, in US dollars.
    pub(super) volume_usd: f64,
}

impl FirstDays {
    /// Returns what is known of a user who signed up at `signup`, from the events of the first
    /// days. Reversals are left out: they are known only later.
    pub(super) fn observe(&self, user: UserEvents<'_>, signup: i64) -> Observed {
        let (mut events, mut occasions, mut volume, mut days) = (0_u32, 0_u32, 0.0, 0_u32);
        let (mut kinds, mut entered_by_ramp) = (0_u64, None);
        let mut last_day = None;
        let first = user.iter().take_while(|event| event.at - signup < self.length);
        for event in first.filter(|event| !event.is_reversal()) {
            events += 1;
            volume += event.volume_usd;
            kinds |= 1 << event.kind();
            let day = (event.at - signup).div_euclid(DAY);
            days += u32::from(last_day != Some(day));
            last_day = Some(day);
            if self.transactions.contains(event.kind()) {
                occasions += u32::from(event.is_occasion());
                entered_by_ramp.get_or_insert(self.purchases.contains(event.kind()));
            }
        }
        let log = |value: f64| libm::log1p(value.max(0.0));
        let features = [
            log(events.into()),
            log(occasions.into()),
            log(volume),
            days.into(),
            if entered_by_ramp == Some(true) { 1.0 } else { 0.0 },
            kinds.count_ones().into(),
        ];
        Observed { features, volume_usd: volume }
    }
}

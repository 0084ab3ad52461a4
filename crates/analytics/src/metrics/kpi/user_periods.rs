//! The sums of one user by period.

use crate::facts::{KindSet, UserEvents};
use crate::metrics::complete_periods::CompletePeriods;

/// The sums of a user's events of one kind in one period, before reversals.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KindSums {
    volume_usd: f64,
    gross_usd: f64,
}

/// The sums of a user's events in one period.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    transactions: u64,
    /// The volume of transactions before reversals.
    volume_usd: f64,
    /// The revenue of transactions before reversals.
    fees_usd: f64,
    /// The revenue of all events before reversals.
    gross_usd: f64,
    /// The revenue of all events after reversals.
    net_usd: f64,
}

/// The sums of a user in a period.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeriodSums<'a> {
    totals: &'a Totals,
    /// By code of the kind.
    kinds: &'a [KindSums],
}

/// A quantity of a user in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// 1 for a user with a transaction.
    Users,
    /// The volume of transactions before reversals.
    Volume,
    /// The revenue of transactions before reversals.
    Fees,
    /// The revenue of all events before reversals.
    Gross,
    /// The revenue of all events after reversals.
    Net,
    /// The volume of events of a kind before reversals.
    VolumeOf(u8),
    /// The revenue of events of a kind before reversals.
    GrossOf(u8),
}

impl PeriodSums<'_> {
    /// Returns a quantity.
    #[inline]
    pub(super) fn get(&self, quantity: Quantity) -> f64 {
        let kind = |code: u8| self.kinds.get(usize::from(code)).copied().unwrap_or_default();
        match quantity {
            Quantity::Users if self.totals.transactions > 0 => 1.0,
            Quantity::Users => 0.0,
            Quantity::Volume => self.totals.volume_usd,
            Quantity::Fees => self.totals.fees_usd,
            Quantity::Gross => self.totals.gross_usd,
            Quantity::Net => self.totals.net_usd,
            Quantity::VolumeOf(code) => kind(code).volume_usd,
            Quantity::GrossOf(code) => kind(code).gross_usd,
        }
    }
}

/// The sums of one user in the periods with events, in ascending order.
#[derive(Debug)]
pub(super) struct UserPeriods {
    transactions: KindSet,
    kinds: usize,
    places: Vec<usize>,
    totals: Vec<Totals>,
    /// The sums by period and kind, kinds of a period adjacent.
    sums: Vec<KindSums>,
}

impl UserPeriods {
    /// Creates the sums of a user without events, of `kinds` kinds.
    pub(super) fn new(kinds: usize, transactions: KindSet) -> Self {
        let (places, totals, sums) = (Vec::new(), Vec::new(), Vec::new());
        Self { transactions, kinds, places, totals, sums }
    }

    /// Takes the sums of another user.
    pub(super) fn fill(&mut self, user: UserEvents<'_>, periods: &CompletePeriods) {
        self.places.clear();
        self.totals.clear();
        self.sums.clear();
        for event in user.iter() {
            // Events are in order, so that none of those that follow is in a complete period.
            let Some(place) = periods.place(event.at) else { break };
            if self.places.last() != Some(&place) {
                self.places.push(place);
                self.totals.push(Totals::default());
                self.sums.resize(self.sums.len() + self.kinds, KindSums::default());
            }
            let first = self.sums.len() - self.kinds;
            let sums = &mut self.sums[first + usize::from(event.kind())];
            let Some(totals) = self.totals.last_mut() else { break };
            totals.net_usd += event.revenue_usd;
            if event.is_reversal() {
                continue;
            }
            totals.gross_usd += event.revenue_usd;
            sums.gross_usd += event.revenue_usd;
            sums.volume_usd += event.volume_usd;
            if self.transactions.contains(event.kind()) {
                totals.transactions += 1;
                totals.volume_usd += event.volume_usd;
                totals.fees_usd += event.revenue_usd;
            }
        }
    }

    /// Returns the place and the sums of each period.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, PeriodSums<'_>)> {
        let kinds = self.sums.chunks_exact(self.kinds.max(1));
        let sums =
            self.totals.iter().zip(kinds).map(|(totals, kinds)| PeriodSums { totals, kinds });
        self.places.iter().copied().zip(sums)
    }
}

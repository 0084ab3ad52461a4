//! The true parameters and expected values of every channel.

use tidegauge_core::Batch;
use tidegauge_core::tables::TruthChannel;

use crate::error::Result;
use crate::exchange::marketing::channels::CHANNELS;

/// One year, in days.
const YEAR: f64 = 365.0;

/// Returns the rows of `truth_channels`.
///
/// # Errors
/// Returns an error if a row does not fit the table.
pub(crate) fn channels() -> Result<Batch> {
    let rows = CHANNELS.iter().map(|channel| {
        let btyd = channel.btyd;
        let value = btyd.expected_trades(YEAR) * btyd.mean_value() * channel.start_probability();
        let revenue = value * channel.take_rate;
        TruthChannel {
            channel: channel.name.into(),
            r: btyd.r,
            alpha: btyd.alpha,
            a: btyd.a,
            b: btyd.b,
            p: btyd.p,
            q: btyd.q,
            gamma: btyd.gamma,
            starts: channel.start_probability(),
            cost: channel.cost,
            value_365d: value,
            revenue_365d: revenue,
            roas_365d: (channel.cost > 0.0).then(|| revenue / channel.cost),
        }
    });
    Ok(Batch::from_rows(TruthChannel::table(), rows)?)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tidegauge_core::fees;

    use super::*;
    use crate::exchange::account::orders::MAKER_SHARE;
    use crate::exchange::account::user_state::{CARD_LIMIT, cents};
    use crate::exchange::behavior::btyd::BtydParams;
    use crate::exchange::behavior::user::CARD_PURCHASE_SHARE;
    use crate::rng::{RandomStream, StreamId};

    /// Simulates one user's first year. Returns the traded value and the fees, in US dollars.
    fn year(btyd: &BtydParams, rng: &mut RandomStream) -> [f64; 2] {
        let customer = btyd.draw(rng);
        let (mut at, mut value, mut fee) = (0.0, 0.0, 0.0);
        let mut trailing_volume = VecDeque::new();
        for _ in 0..customer.lifetime_trades {
            let trade_value = customer.value(rng);
            value += trade_value;
            if rng.chance(CARD_PURCHASE_SHARE) && trade_value * 100.0 <= CARD_LIMIT as f64 {
                fee += trade_value * fees::PURCHASE_FEE as f64 / fees::BASIS_POINTS as f64;
            } else {
                trailing_volume.retain(|(then, _)| *then >= at - fees::VOLUME_DAYS as f64);
                let before: f64 =
                    trailing_volume.iter().map(|(_, trade_value): &(f64, f64)| trade_value).sum();
                let rate = fees::TIERED.rate(cents(before).into(), rng.chance(MAKER_SHARE));
                fee += trade_value * rate as f64 / fees::BASIS_POINTS as f64;
                trailing_volume.push_back((at, trade_value));
            }
            at += rng.exponential(1.0 / customer.rate);
            if at >= YEAR {
                break;
            }
        }
        [value, fee]
    }

    #[test]
    fn take_rates_match_simulated_fees() {
        // The published rates come from ten million users per channel.
        let users = 100_000;
        let mut wrong = Vec::new();
        for (number, channel) in CHANNELS.iter().enumerate() {
            let mut rng = RandomStream::new(5, StreamId::User, number as u64);
            let years: Vec<_> = (0..users).map(|_| year(&channel.btyd, &mut rng)).collect();
            let sum = |of: &dyn Fn(&[f64; 2]) -> f64| years.iter().map(of).sum::<f64>();
            let (value, fee) = (sum(&|year| year[0]), sum(&|year| year[1]));
            let spread =
                sum(&|year| (year[1] - channel.take_rate * year[0]).powi(2)).sqrt() / value;
            if (fee / value - channel.take_rate).abs() > 4.5 * spread {
                wrong.push(format!("{} {:.6} ± {spread:.6}", channel.name, fee / value));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

//! The true parameters and expected values of every channel.

use tidegauge_core::Batch;
use tidegauge_core::tables::TruthChannel;

use super::channels::CHANNELS;
use crate::Result;

/// One year, in days.
const YEAR: f64 = 365.0;

/// Returns the rows of `truth_channels`.
///
/// # Errors
/// Returns an error if a row does not fit the table.
pub(super) fn channels() -> Result<Batch> {
    let rows = CHANNELS.iter().map(|channel| {
        let process = channel.process;
        let value = process.expected(YEAR) * process.mean_value() * channel.starts();
        let revenue = value * channel.take;
        TruthChannel {
            channel: channel.name.into(),
            r: process.r,
            alpha: process.alpha,
            a: process.a,
            b: process.b,
            p: process.p,
            q: process.q,
            gamma: process.gamma,
            starts: channel.starts(),
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
    use crate::draw::{Draws, Stream};
    use crate::exchange::life::{CARD_LIMIT, PURCHASES, cents};
    use crate::exchange::nature::Process;
    use crate::exchange::orders::MAKERS;

    /// Simulates one user's first year. Returns the traded value and the fees, in US dollars.
    fn year(process: &Process, draws: &mut Draws) -> [f64; 2] {
        let nature = process.draw(draws);
        let (mut at, mut value, mut fee) = (0.0, 0.0, 0.0);
        let mut recent = VecDeque::new();
        for _ in 0..nature.lasts {
            let worth = nature.value(draws);
            value += worth;
            if draws.chance(PURCHASES) && worth * 100.0 <= CARD_LIMIT as f64 {
                fee += worth * fees::RAMP as f64 / fees::WHOLE as f64;
            } else {
                recent.retain(|(then, _)| *then >= at - fees::DAYS as f64);
                let before: f64 = recent.iter().map(|(_, worth): &(f64, f64)| worth).sum();
                let rate = fees::TIERED.rate(cents(before).into(), draws.chance(MAKERS));
                fee += worth * rate as f64 / fees::WHOLE as f64;
                recent.push_back((at, worth));
            }
            at += draws.exponential(1.0 / nature.rate);
            if at >= YEAR {
                break;
            }
        }
        [value, fee]
    }

    #[test]
    fn what_is_taken_of_a_dollar_is_found_again_by_playing() {
        // The published rates come from ten million users per channel.
        let users = 100_000;
        let mut wrong = Vec::new();
        for (number, channel) in CHANNELS.iter().enumerate() {
            let mut draws = Draws::of(5, Stream::Life, number as u64);
            let years: Vec<_> = (0..users).map(|_| year(&channel.process, &mut draws)).collect();
            let sum = |of: &dyn Fn(&[f64; 2]) -> f64| years.iter().map(of).sum::<f64>();
            let (value, fee) = (sum(&|year| year[0]), sum(&|year| year[1]));
            let spread = sum(&|year| (year[1] - channel.take * year[0]).powi(2)).sqrt() / value;
            if (fee / value - channel.take).abs() > 4.5 * spread {
                wrong.push(format!("{} {:.6} ± {spread:.6}", channel.name, fee / value));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

//! The insight of the monetization page: LTV, CAC and ROAS, and where to spend next.

use tidegauge_analytics::stats::MIN_SAMPLE_SIZE;
use tidegauge_analytics::unit_economics::{ChannelEconomics, UnitEconomics, UnitEconomicsTable};

use super::ranking::with_interval;
use crate::format::{Format, count, label};
use crate::vocabulary::Vocabulary;

/// Writes what users are worth, and where the next dollar of spend should go.
pub(crate) fn monetization(table: &UnitEconomicsTable, words: Vocabulary) -> String {
    let (all, paid) = (&table.blended, &table.paid);
    if paid.roas.value.is_none() {
        let worth = with_interval(words.money(), &all.ltv);
        let user = words.say("A user");
        let worth = match all.ltv.value {
            Some(ltv) if ltv > 0.0 => format!("{user} has brought {worth} so far."),
            Some(ltv) if ltv < 0.0 => {
                format!("{user} has cost more than they brought: {worth} so far.")
            }
            _ => words.say("No revenue of any user is known so far."),
        };
        let unknown = "The data hold no spend, so what users cost, and where the next dollar should go, cannot be said.";
        return format!("{worth} {}", words.say(unknown));
    }
    if paid.users == 0 {
        let (spent, user) = (words.money().show(paid.spend_usd), words.say("user"));
        return format!("{spent} of paid acquisition brought no {user}.");
    }
    let cac = with_interval(words.money(), &paid.cac);
    let ltv = with_interval(words.money(), &paid.ltv);
    let users = words.say("users");
    let lead = format!(
        "{} of paid acquisition brought {} {users} at {cac} each. They have brought {ltv} each so \
         far, a ROAS of {}.",
        words.money().show(paid.spend_usd),
        count(paid.users),
        with_interval(Format::Ratio, &paid.roas),
    );
    format!("{lead} {}", next_dollar(&table.channels, words))
}

/// A channel with enough users, with its name, its ROAS and its other economics.
struct Candidate<'a> {
    name: String,
    roas: f64,
    economics: &'a UnitEconomics,
}

impl Candidate<'_> {
    /// Returns the ROAS with its interval.
    fn roas(&self) -> String {
        with_interval(Format::Ratio, &self.economics.roas)
    }

    fn described(&self) -> String {
        format!("{} with {}", self.name, self.roas())
    }

    /// Returns `true` unless one of the two intervals lies entirely above the other.
    fn overlaps(&self, other: &Self) -> bool {
        let intervals = self.economics.roas.interval.zip(other.economics.roas.interval);
        intervals.is_none_or(|(ours, theirs)| ours.low <= theirs.high && theirs.low <= ours.high)
    }
}

/// Writes where the next dollar should go, as far as the channels can be distinguished.
fn next_dollar(channels: &[ChannelEconomics], words: Vocabulary) -> String {
    let [dollar, users] = ["dollar", "users"].map(|word| words.say(word));
    let mut ranked: Vec<_> = channels
        .iter()
        .filter(|channel| channel.economics.users >= MIN_SAMPLE_SIZE)
        .filter_map(|channel| {
            let economics = &channel.economics;
            let name = label(channel.channel.as_deref(), "channel");
            Some(Candidate { name, roas: economics.roas.value?, economics })
        })
        .collect();
    ranked.sort_by(|a, b| b.roas.total_cmp(&a.roas));
    let Some((best, others)) = ranked.split_first() else {
        return format!(
            "No channel with spend has {MIN_SAMPLE_SIZE} {users} yet, so none can be judged."
        );
    };
    let loses =
        |channel: &Candidate| channel.roas < 1.0 && channel.economics.payback_days.is_none();
    let rivals: Vec<_> = others.iter().filter(|other| best.overlaps(other)).collect();
    if ranked.iter().all(loses) {
        return match rivals.first() {
            _ if best.roas <= 0.0 => "None has brought anything back yet.".into(),
            None => format!("None has paid back yet; {} comes nearest.", best.described()),
            Some(next) => format!(
                "None has paid back yet; {} and {} come nearest, and cannot be told apart.",
                best.described(),
                next.described()
            ),
        };
    }
    if let Some((last, rivals)) = rivals.split_last() {
        let rivals: String =
            rivals.iter().map(|rival| format!(", {}", rival.described())).collect();
        return format!(
            "The best per {dollar} are {}{rivals} and {}. These cannot be told apart yet, so nothing \
             says which of them should get the next {dollar}.",
            best.described(),
            last.described(),
        );
    }
    let payback = match best.economics.payback_days {
        Some(days) => format!("pays back after {days} days"),
        None => "has not paid back at the oldest age judged".into(),
    };
    let (name, roas) = (&best.name, best.roas());
    if others.is_empty() {
        return format!(
            "Only {name} can be judged: it returns {roas} per {dollar} and {payback}; there is \
             nothing to compare it with."
        );
    }
    format!(
        "The best per {dollar} is {name}: it returns {roas} and {payback}, so start with the next \
         {dollar} there; this is its average, not what one more {dollar} would do."
    )
}

#[cfg(test)]
mod tests {
    use tidegauge_analytics::models::Method;
    use tidegauge_analytics::unit_economics::{CacByStep, Milestones, UnitEconomicsParams};
    use tidegauge_analytics::{Estimate, Interval};

    use super::*;

    fn interval(low: f64, high: f64) -> Option<Interval> {
        Interval::new(low, high, 0.95, Method::HybridT)
    }

    /// Builds a channel from the low, mid and high value of its ROAS, and its payback.
    fn channel(name: &str, roas: [f64; 3], payback_days: Option<u32>) -> ChannelEconomics {
        let [low, roas, high] = roas;
        let economics = UnitEconomics {
            users: 100,
            spend_usd: 1_000.0,
            milestones: Milestones::default(),
            cac: Estimate::new(10.0, None, 100),
            spend_beyond_usd: 0.0,
            dispersion: 1.0,
            cac_by_step: CacByStep::default(),
            revenue_usd: 1_000.0 * roas,
            ltv: Estimate::new(10.0 * roas, None, 100),
            roas: Estimate::new(roas, interval(low, high), 100),
            by_age: Vec::new(),
            payback_days,
            payback_interval: None,
            ltv_to_cac: Estimate::new(roas, None, 100),
        };
        ChannelEconomics { channel: Some(name.into()), campaign: None, economics }
    }

    /// Returns the sentence with ordinary spaces instead of non-breaking ones.
    fn recommendation(channels: &[ChannelEconomics]) -> String {
        next_dollar(channels, Vocabulary::default()).replace('\u{a0}', " ")
    }

    #[test]
    fn a_channel_with_a_distinguishable_roas_gets_the_next_dollar() {
        let second = channel("affiliate", [0.8, 1.0, 1.3], Some(60));
        let first = channel("paid_search", [2.0, 2.5, 3.0], Some(15));
        assert_eq!(
            recommendation(&[second, first]),
            "The best per dollar is paid search: it returns 2.50 (95 %: 2.00–3.00) and pays back \
             after 15 days, so start with the next dollar there; this is its average, not what one \
             more dollar would do."
        );
    }

    #[test]
    fn channels_with_overlapping_intervals_are_not_ranked() {
        let channels = [
            channel("a", [0.2, 0.3, 0.4], None),
            channel("b", [1.2, 1.8, 2.6], Some(20)),
            channel("c", [2.0, 2.5, 3.0], Some(15)),
        ];
        assert_eq!(
            recommendation(&channels),
            "The best per dollar are c with 2.50 (95 %: 2.00–3.00) and b with 1.80 (95 %: \
             1.20–2.60). These cannot be told apart yet, so nothing says which of them should get \
             the next dollar."
        );
    }

    #[test]
    fn the_best_of_channels_that_lose_money_is_not_recommended() {
        let channels = [channel("a", [0.3, 0.4, 0.5], None), channel("b", [0.1, 0.15, 0.2], None)];
        assert_eq!(
            recommendation(&channels),
            "None has paid back yet; a with 0.40 (95 %: 0.30–0.50) comes nearest."
        );
        // A channel with young users may have a ROAS below 1 although its older users have paid
        // back.
        let early = [channel("a", [0.8, 0.9, 1.0], Some(40))];
        assert!(
            recommendation(&early).starts_with("Only a can be judged: it returns 0.90"),
            "{early:?}"
        );
        let mut few = channel("a", [1.0, 2.0, 3.0], Some(9));
        few.economics.users = 29;
        assert!(recommendation(&[few]).starts_with("No channel with spend has 30 users yet"));
    }

    #[test]
    fn without_spend_no_cost_is_stated() {
        let mut all = channel("", [1.0, 2.0, 3.0], None).economics;
        let nothing = Estimate::undetermined(0);
        (all.spend_usd, all.cac, all.roas, all.ltv_to_cac) = (0.0, nothing, nothing, nothing);
        all.ltv.interval = interval(15.0, 26.0);
        let table = UnitEconomicsTable {
            params: UnitEconomicsParams::default(),
            channels: Vec::new(),
            paid: UnitEconomics { users: 0, ltv: nothing, ..all.clone() },
            blended: all,
        };
        assert_eq!(
            monetization(&table, Vocabulary::default()).replace('\u{a0}', " "),
            "A user has brought $20.00 (95 %: $15.00–$26.00) so far. The data hold no spend, so what \
             users cost, and where the next dollar should go, cannot be said."
        );
    }
}

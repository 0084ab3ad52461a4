//! The overview page: the key figures.

use tidegauge_analytics::unit_economics::Breakdown;

use crate::format::{Format, count, known};
use crate::metrics::Metrics;
use crate::{Interval, Result, Tile};

pub(super) fn tiles(metrics: &Metrics<'_>) -> Result<Vec<Tile>> {
    let leading = metrics.leading();
    let (volume, churn) = (metrics.volume(&leading)?, metrics.churn(&leading)?);
    let channels = metrics.unit_economics(Breakdown::Channel)?;
    let (all, paid) = (&channels.blended, &channels.paid);
    let (high, of) = volume.cohorts.iter().fold((0, 0), |(high, of), cohort| {
        (high + cohort.high_volume.count, of + cohort.high_volume.total)
    });
    let churned = &churn.overall.churned;
    let dollars = |amount| Format::Dollars.show(amount);
    let between = |interval: Interval, format: Format| {
        format!("{}: {}", metrics.level(), format.show_interval(&interval))
    };
    let roas_interval = paid.roas.interval.map(Interval::from);
    let tile = |name: &str, value: String, note: String| Tile { name: name.into(), value, note };
    Ok(vec![
        tile("Users", count(metrics.provenance.users), "signed up".into()),
        tile("High-volume traders", count(high), format!("of {} users", count(of))),
        tile(
            "Churned",
            known(churned.rate, |rate| Format::Percent.show(rate)),
            format!("of {} once active", count(churned.total)),
        ),
        tile(
            "Revenue, all users",
            dollars(all.revenue_usd),
            known(all.ltv.value, |ltv| format!("{} a user", dollars(ltv))),
        ),
        tile(
            "CAC, paid users",
            known(paid.cac.value, dollars),
            match paid.cac.interval.map(Interval::from) {
                Some(interval) => between(interval, Format::Dollars),
                None if paid.spend_usd > 0.0 => format!("of {} spent", dollars(paid.spend_usd)),
                None => "no spend".into(),
            },
        ),
        tile(
            "ROAS, paid users",
            known(paid.roas.value, |roas| Format::Ratio.show(roas)),
            match (paid.roas.value, roas_interval, paid.payback_days) {
                (None, ..) => "no spend".into(),
                (_, Some(interval), _) => between(interval, Format::Ratio),
                (_, _, Some(days)) => format!("paid back after {days} days"),
                _ => "not paid back yet".into(),
            },
        ),
    ])
}

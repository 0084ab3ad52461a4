//! The overview page: the key figures to date and of the last complete period, the funnel, and
//! trends.

use tidegauge_analytics::Cohort;
use tidegauge_analytics::unit_economics::Breakdown;

use super::panel_spec::PanelSpec;
use super::{funnel, kpi, periods};
use crate::cohort;
use crate::format::{Format, count, known};
use crate::metrics::Metrics;
use crate::{Computation, Interval, Result, Tile};

pub(super) fn panels(metrics: &Metrics<'_>) -> Vec<PanelSpec> {
    let mut panels = vec![PanelSpec::new("kpis", kpi::board)];
    // A shop has one kind of transaction, and the first is the signup.
    if metrics.words().has_trades() {
        panels.extend([
            PanelSpec::new("take-rates", kpi::take_rates),
            PanelSpec::new("revenue-mix", kpi::revenue_mix),
            PanelSpec::new("funnel", funnel::overall),
        ]);
        let leading = metrics.leading();
        if leading != Cohort::Everyone {
            let id = format!("funnel-by-{}", cohort::id(&leading));
            panels.push(PanelSpec::new(id, funnel::by_cohort));
        }
    }
    panels.extend([
        PanelSpec::new("users-over-time", periods::users),
        PanelSpec::new("active-users", periods::active_users),
        PanelSpec::new("growth", periods::growth),
        PanelSpec::new("volume-over-time", periods::volume),
        PanelSpec::new("revenue-over-time", periods::revenue),
    ]);
    panels
}

/// Returns the key figures to date, and those of the last complete period.
pub(super) fn tiles(metrics: &Metrics<'_>) -> Result<Vec<Tile>> {
    let mut tiles = to_date(metrics)?;
    tiles.extend(kpi::tiles(metrics)?);
    Ok(tiles)
}

fn to_date(metrics: &Metrics<'_>) -> Result<Vec<Tile>> {
    let leading = metrics.leading();
    let (volume, churn) = (metrics.volume(&leading)?, metrics.churn(&leading)?);
    let channels = metrics.unit_economics(Breakdown::Channel)?;
    let (all, paid) = (&channels.blended, &channels.paid);
    let (high, of) = volume.cohorts.iter().fold((0, 0), |(high, of), cohort| {
        (high + cohort.high_volume.count, of + cohort.high_volume.total)
    });
    let churned = &churn.overall.churned;
    let money = metrics.money();
    let dollars = |amount| money.show(amount);
    let between = |interval: Interval, format: Format| {
        format!("{}: {}", metrics.level(), format.show_interval(&interval))
    };
    let roas_interval = paid.roas.interval.map(Interval::from);
    let tile = |name: &str, value: String, note: String, computation: Computation| Tile {
        name: name.into(),
        value,
        note,
        trend: None,
        computation,
    };
    let computed = |definition: &str, docs: &str| metrics.computation(definition, docs);
    let days = churn.params.inactive_days;
    let mut tiles = vec![
        tile(
            "Users",
            count(metrics.provenance.users),
            "signed up".into(),
            computed("The users who have signed up, active or not.", "docs/tables.md"),
        ),
        tile(
            "High-volume traders",
            count(high),
            format!("of {} users", count(of)),
            computed(
                "The users whose trades and completed on-ramp purchases to date add up to the \
                 threshold or more, net of reversals.",
                "docs/metrics/volume.md",
            )
            .with("Threshold", metrics.threshold()),
        ),
        tile(
            "Churned",
            known(churned.rate, |rate| Format::Percent.show(rate)),
            format!("of {} once active", count(churned.total)),
            computed(
                "Of the users who traded or bought at least once and signed up long enough ago, the \
                 share who did neither in the last days observed.",
                "docs/metrics/churn.md",
            )
            .with("Inactive for", format!("{days} days")),
        ),
        tile(
            &format!("{}, all users", metrics.revenue()),
            dollars(all.revenue_usd),
            known(all.ltv.value, |ltv| format!("{} a user", dollars(ltv))),
            computed(
                "Trading fees, the fees of completed on-ramp purchases and withdrawal fees of all \
                 users to date. Net of reversals, a purchase that was charged back is taken back, \
                 with the payment that was lost.",
                "docs/metrics/ltv.md",
            )
            .with("Revenue", metrics.reversals()),
        ),
    ];
    if !metrics.has_spend() {
        return Ok(tiles);
    }
    tiles.extend([
        tile(
            "CAC, paid users",
            known(paid.cac.value, dollars),
            match paid.cac.interval.map(Interval::from) {
                Some(interval) => between(interval, money),
                None if paid.spend_usd > 0.0 => format!("of {} spent", dollars(paid.spend_usd)),
                None => "no spend".into(),
            },
            computed(
                "Spend over the users of the channels that have any; the interval is that of spending \
                 the same again.",
                "docs/metrics/acquisition.md",
            ),
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
            metrics.with_value(computed(
                "The revenue to date of the users of channels with spend, over that spend: a ratio of \
                 sums.",
                "docs/metrics/acquisition.md",
            )),
        ),
    ]);
    Ok(tiles)
}

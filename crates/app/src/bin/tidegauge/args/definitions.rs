//! The options that define the metrics of a report, shared by `report` and `analyze`.

use tidegauge::Result;
use tidegauge::report::Parameters;

use super::values::parameter;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Definitions of the metrics")]
pub(crate) struct Definitions {
    /// The end of observation, exclusive: a day or a time, as of which metrics are computed
    #[arg(long, value_name = "TIME", visible_alias = "end", value_parser = parameter("end"))]
    as_of: Option<String>,

    /// The cohorts that are compared: a dimension (channel, campaign, country, entry_product…), two (channel*country),
    /// `everyone`, signup:day, signup:week or signup:month; repeatable
    #[arg(long = "cohort", value_name = "COHORT", value_parser = parameter("cohort"))]
    cohorts: Vec<String>,

    /// The length of the periods of retention and of key figures: day, week or month
    #[arg(long, value_parser = parameter("period"))]
    period: Option<String>,

    /// The most periods of retention that are shown
    #[arg(long, value_name = "NUMBER", value_parser = parameter("periods"))]
    periods: Option<String>,

    /// The users who are retained: those active `on` a period, `on_or_after` it, `within:DAYS` of its start, or in
    /// `brackets:0,1,4,8` of periods
    #[arg(long, value_name = "KIND", value_parser = parameter("retention"))]
    retention: Option<String>,

    /// The clock of the periods: calendar, or relative (24 hours, 7 and 30 days from each user's own anchor)
    #[arg(long, value_parser = parameter("windows"))]
    windows: Option<String>,

    /// The event from which periods are counted: signup, verified, first_deposit, first_ramp, first_trade
    #[arg(long, value_name = "EVENT", value_parser = parameter("anchor"))]
    anchor: Option<String>,

    /// The ages at which revenue per user and ROAS are shown, in days: 30,90,365
    #[arg(long, value_name = "DAYS", value_parser = parameter("ages"))]
    ages: Option<String>,

    /// The days without activity after which a user has churned
    #[arg(long, value_name = "DAYS", value_parser = parameter("inactive_days"))]
    inactive_days: Option<String>,

    /// The volume from which a user counts as high-volume
    #[arg(long, value_name = "AMOUNT", value_parser = parameter("threshold_usd"))]
    high_volume: Option<String>,

    /// The days from signup within which high volume is reached: 30,90 [default: 7 to 180 days]
    #[arg(long, value_name = "DAYS", value_parser = parameter("horizons"))]
    horizons: Option<String>,

    /// The share of revenue that is contribution margin: 0.4
    #[arg(long, value_name = "SHARE", value_parser = parameter("margin"))]
    margin: Option<String>,

    /// The revenue that counts: net of chargebacks and refunds, or gross
    #[arg(long, value_name = "KIND", value_parser = parameter("revenue"))]
    revenue_kind: Option<String>,

    /// The level of intervals: 0.95
    #[arg(long, value_parser = parameter("level"))]
    level: Option<String>,

    /// The first day of the week: monday
    #[arg(long, value_name = "DAY", value_parser = parameter("week_start"))]
    week_start: Option<String>,
}

impl Definitions {
    /// Returns the parameters that are given, with the time zone.
    pub(crate) fn parameters(&self, zone: Option<&str>) -> Result<Parameters> {
        let given = [
            ("end", self.as_of.as_deref()),
            ("period", self.period.as_deref()),
            ("periods", self.periods.as_deref()),
            ("retention", self.retention.as_deref()),
            ("windows", self.windows.as_deref()),
            ("anchor", self.anchor.as_deref()),
            ("ages", self.ages.as_deref()),
            ("inactive_days", self.inactive_days.as_deref()),
            ("threshold_usd", self.high_volume.as_deref()),
            ("horizons", self.horizons.as_deref()),
            ("margin", self.margin.as_deref()),
            ("revenue", self.revenue_kind.as_deref()),
            ("level", self.level.as_deref()),
            ("week_start", self.week_start.as_deref()),
            ("zone", zone),
        ];
        let given = given.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let cohorts = self.cohorts.iter().map(|cohort| ("cohort", cohort.as_str()));
        let mut parameters = Parameters::default();
        given.chain(cohorts).try_for_each(|(name, text)| parameters.set(name, text))?;
        Ok(parameters)
    }
}

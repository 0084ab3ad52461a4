//! The frames of unit economics.

use polars::prelude::DataFrame;

use super::table::{EconomicsAtAge, UnitEconomics, UnitEconomicsTable};
use crate::Result;
use crate::frames::{number_column, text_column};
use crate::metrics::estimate_columns::estimate_columns;

/// Some users: `channel`, `paid` or `blended`, with channel and campaign.
type Scope<'t> = (&'static str, Option<&'t str>, Option<&'t str>);

impl UnitEconomicsTable {
    /// Returns the table as a frame, one row for each channel (and campaign), then `paid` and
    /// `blended`:
    ///
    /// | column | contents |
    /// |---|---|
    /// | `scope` | `channel`, `paid` or `blended` |
    /// | `channel`, `campaign` | null of `paid` and `blended`, and if the users' are null |
    /// | `users`, `verified`, `funded`, `traded` | users who have reached the step |
    /// | `spend_usd`, `revenue_usd` | US dollars |
    /// | `cac`, `ltv` | US dollars per user, the [columns of estimates](crate::metrics#frames) |
    /// | `cac_verified_usd`, `cac_funded_usd`, `cac_traded_usd` | US dollars per user of the step |
    /// | `roas`, `ltv_to_cac` | ratios, the columns of estimates |
    /// | `payback_days`, `payback_low_days`, `payback_high_days` | days of age; null if not reached |
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let scopes = self.scopes();
        let rows = || scopes.iter().map(|(_, economics)| *economics);
        let mut columns = vec![
            text_column("scope", scopes.iter().map(|((scope, ..), _)| *scope)),
            text_column("channel", scopes.iter().map(|((_, channel, _), _)| *channel)),
            text_column("campaign", scopes.iter().map(|((.., campaign), _)| *campaign)),
            number_column("users", rows().map(|of| of.users)),
            number_column("verified", rows().map(|of| of.milestones.verified)),
            number_column("funded", rows().map(|of| of.milestones.funded)),
            number_column("traded", rows().map(|of| of.milestones.traded)),
            number_column("spend_usd", rows().map(|of| of.spend_usd)),
            number_column("revenue_usd", rows().map(|of| of.revenue_usd)),
        ];
        columns.extend(estimate_columns("cac", rows().map(|of| &of.cac)));
        columns.extend([
            number_column("cac_verified_usd", rows().map(|of| of.cac_by_step.verified_usd)),
            number_column("cac_funded_usd", rows().map(|of| of.cac_by_step.funded_usd)),
            number_column("cac_traded_usd", rows().map(|of| of.cac_by_step.traded_usd)),
        ]);
        columns.extend(estimate_columns("ltv", rows().map(|of| &of.ltv)));
        columns.extend(estimate_columns("roas", rows().map(|of| &of.roas)));
        columns.extend(estimate_columns("ltv_to_cac", rows().map(|of| &of.ltv_to_cac)));
        let interval = |of: &UnitEconomics| of.payback_interval;
        columns.extend([
            number_column("payback_days", rows().map(|of| of.payback_days)),
            number_column("payback_low_days", rows().map(|of| Some(interval(of)?.low_days))),
            number_column("payback_high_days", rows().map(|of| interval(of)?.high_days)),
        ]);
        Ok(DataFrame::new(scopes.len(), columns)?)
    }

    /// Returns the values by age as a long frame: `scope`, `channel` and `campaign` as in
    /// [`frame`](Self::frame), `age_days`, `users` (who have reached the age), `spend_usd` (on them),
    /// and the [columns of the estimates](crate::metrics#frames) `ltv` (US dollars per user) and
    /// `roas`, null if too few users have reached the age.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn by_age_frame(&self) -> Result<DataFrame> {
        let rows: Vec<(Scope<'_>, &EconomicsAtAge)> = self
            .scopes()
            .into_iter()
            .flat_map(|(scope, economics)| economics.by_age.iter().map(move |at| (scope, at)))
            .collect();
        let ages = || rows.iter().map(|(_, at)| *at);
        let mut columns = vec![
            text_column("scope", rows.iter().map(|((scope, ..), _)| *scope)),
            text_column("channel", rows.iter().map(|((_, channel, _), _)| *channel)),
            text_column("campaign", rows.iter().map(|((.., campaign), _)| *campaign)),
            number_column("age_days", ages().map(|at| at.age_days)),
            number_column("users", ages().map(|at| at.users)),
            number_column("spend_usd", ages().map(|at| at.spend_usd)),
        ];
        columns.extend(estimate_columns("ltv", ages().map(|at| &at.ltv)));
        columns.extend(estimate_columns("roas", ages().map(|at| &at.roas)));
        Ok(DataFrame::new(rows.len(), columns)?)
    }

    /// Returns the channels, then the paid ones as one, and all users.
    fn scopes(&self) -> Vec<(Scope<'_>, &UnitEconomics)> {
        let channels = self.channels.iter().map(|channel| {
            let names = (channel.channel.as_deref(), channel.campaign.as_deref());
            (("channel", names.0, names.1), &channel.economics)
        });
        let totals = [("paid", &self.paid), ("blended", &self.blended)];
        channels.chain(totals.map(|(scope, of)| ((scope, None, None), of))).collect()
    }
}

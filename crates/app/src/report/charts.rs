//! Charts, as options of Apache ECharts.

use serde_json::{Value, json};
use tidegauge_analytics::stats::Share;

use super::Report;
use super::format::label;

/// A chart and where it stands on the page.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) id: &'static str,
    /// What it shows, for whoever cannot see it.
    pub(super) title: String,
    option: Value,
}

impl Chart {
    /// The options as JSON that may stand within a script element.
    pub(super) fn json(&self) -> String {
        self.option.to_string().replace('<', "\\u003c")
    }
}

/// All charts of the page.
pub(super) fn all(report: &Report) -> Vec<Chart> {
    let (ages, channels) = (report.channels.params.ages.as_slice(), &report.channels.channels);
    let days = report.churn.first().map_or(30, |(_, table)| table.params.inactive_days);
    let volume = report.volume.first().map(|(_, table)| table);
    let high = volume.into_iter().flat_map(|table| &table.cohorts);
    let gone = report.churn.first().into_iter().flat_map(|(_, table)| &table.cohorts);
    vec![
        shares(
            "high-volume",
            "Users who became high-volume traders, by channel",
            high.map(|it| (it.cohort.as_deref(), &it.high_volume)),
        ),
        deciles(report),
        shares(
            "churned",
            &format!("Users who did nothing in the last {days} days, by channel"),
            gone.map(|it| (it.cohort.as_deref(), &it.churned)),
        ),
        lines(
            "ltv",
            "Revenue per user by days since signup, US dollars",
            ages,
            channels.iter().enumerate().map(|(at, it)| {
                let aged = it.economics.roas_by_age.iter().map(super::revenue_per_user).collect();
                (at, it.channel.as_deref(), aged)
            }),
            None,
        ),
        lines(
            "roas",
            "Revenue over spend by days since signup",
            ages,
            channels.iter().enumerate().filter(|(_, it)| it.economics.roas.is_some()).map(
                |(at, it)| {
                    let aged = it.economics.roas_by_age.iter().map(|aged| aged.roas).collect();
                    (at, it.channel.as_deref(), aged)
                },
            ),
            Some(("break-even", 1.0)),
        ),
    ]
}

const COLOURS: [&str; 6] = ["#0f766e", "#2563eb", "#b45309", "#7c3aed", "#be123c", "#475569"];

/// Named in full: ECharts measures text before the page's style reaches it.
const FONT: &str = "system-ui, -apple-system, Segoe UI, Roboto, Liberation Sans, sans-serif";

fn option(title: &str) -> Value {
    json!({
        "aria": { "enabled": true, "label": { "description": title } },
        "animation": false,
        "color": COLOURS,
        "grid": { "left": 12, "right": 28, "top": 48, "bottom": 12, "containLabel": true },
        "textStyle": { "fontFamily": FONT, "fontSize": 13 },
        "tooltip": { "trigger": "axis", "confine": true },
    })
}

/// Horizontal bars of shares in percent, the highest on top.
fn shares<'a>(
    id: &'static str,
    title: &str,
    shares: impl Iterator<Item = (Option<&'a str>, &'a Share)>,
) -> Chart {
    let mut bars: Vec<_> =
        shares.filter_map(|(cohort, share)| Some((label(cohort), share.rate?))).collect();
    bars.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let (names, rates): (Vec<_>, Vec<_>) =
        bars.into_iter().map(|(name, rate)| (name, tenths(rate))).unzip();
    let mut option = option(title);
    option["grid"]["top"] = json!(8);
    option["grid"]["right"] = json!(64);
    option["xAxis"] = json!({ "type": "value", "axisLabel": { "formatter": "{value} %" } });
    option["yAxis"] = json!({ "type": "category", "data": names, "axisTick": { "show": false } });
    option["series"] = json!([{
        "type": "bar",
        "data": rates,
        "barMaxWidth": 26,
        "label": { "show": true, "position": "right", "formatter": "{c} %" },
    }]);
    Chart { id, title: title.into(), option }
}

fn deciles(report: &Report) -> Chart {
    let title = "Share of all volume by tenth of users, the most active first";
    let deciles = report.volume.first().into_iter().flat_map(|(_, it)| &it.concentration.deciles);
    let (names, shares): (Vec<_>, Vec<_>) =
        deciles.map(|it| (it.decile.to_string(), it.share.map(tenths))).unzip();
    let mut option = option(title);
    option["grid"]["top"] = json!(24);
    option["xAxis"] = json!({ "type": "category", "data": names, "axisTick": { "show": false } });
    option["yAxis"] = json!({ "type": "value", "axisLabel": { "formatter": "{value} %" } });
    option["series"] = json!([{
        "type": "bar",
        "data": shares,
        "barMaxWidth": 36,
        "label": { "show": true, "position": "top", "formatter": "{c}" },
    }]);
    Chart { id: "deciles", title: title.into(), option }
}

/// Lines over age, each with the number of its colour, so that a cohort has the same one in every
/// chart; where nobody has reached an age, a line ends.
fn lines<'a>(
    id: &'static str,
    title: &str,
    ages: &[u32],
    series: impl Iterator<Item = (usize, Option<&'a str>, Vec<Option<f64>>)>,
    mark: Option<(&str, f64)>,
) -> Chart {
    let series = series.map(|(colour, cohort, values)| {
        let points: Vec<_> =
            ages.iter().zip(values).map(|(age, value)| json!([age, value.map(round)])).collect();
        json!({
            "type": "line", "name": label(cohort), "data": points, "symbolSize": 7,
            "color": COLOURS[colour % COLOURS.len()],
        })
    });
    let mut series: Vec<Value> = series.collect();
    if let (Some((name, at)), Some(first)) = (mark, series.first_mut()) {
        first["markLine"] = json!({
            "silent": true,
            "symbol": "none",
            "lineStyle": { "color": "#64748b", "type": "dashed" },
            "label": { "formatter": name, "position": "insideEndTop" },
            "data": [{ "yAxis": at }],
        });
    }
    let mut option = option(title);
    option["grid"]["top"] = json!(72);
    option["legend"] = json!({
        "top": 0, "left": 0, "itemGap": 14,
        "textStyle": { "fontFamily": FONT, "fontSize": 13 },
    });
    option["xAxis"] = json!({
        "type": "value", "min": 0, "max": ages.last(),
        "axisLabel": { "formatter": "day {value}", "hideOverlap": true },
    });
    option["yAxis"] = json!({ "type": "value" });
    option["series"] = json!(series);
    Chart { id, title: title.into(), option }
}

/// A share in percent, to a tenth.
fn tenths(share: f64) -> f64 {
    (share * 1_000.0).round() / 10.0
}

/// Two decimal places are all that a chart can show.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

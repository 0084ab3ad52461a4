//! Charts, as options of Apache ECharts.

use serde_json::{Value, json};
use tidegauge_analytics::acquisition::Aged;
use tidegauge_analytics::stats::{Interval, Share};

use super::Report;
use super::format::{count, dollars, known, label, percent, ratio, within};

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
            &format!("Churned: once active, nothing in the last {days} days, by channel"),
            gone.map(|it| (it.cohort.as_deref(), &it.churned)),
        ),
        lines(
            "ltv",
            "Revenue per user by days since signup, US dollars",
            ages,
            channels.iter().enumerate().map(|(at, it)| {
                let point = |it: &Aged| point(it, it.ltv_usd, it.ltv_interval, dollars);
                (at, it.channel.as_deref(), it.economics.by_age.iter().map(point).collect())
            }),
            None,
        ),
        lines(
            "roas",
            "Revenue over spend by days since signup",
            ages,
            channels.iter().enumerate().filter(|(_, it)| it.economics.roas.is_some()).map(
                |(at, it)| {
                    let point = |it: &Aged| point(it, it.roas, it.roas_interval, ratio);
                    (at, it.channel.as_deref(), it.economics.by_age.iter().map(point).collect())
                },
            ),
            Some(1.0),
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
        shares.filter_map(|(cohort, share)| Some((cohort, share, share.rate?))).collect();
    bars.sort_by(|(.., a), (.., b)| a.total_cmp(b));
    let names: Vec<_> = bars.iter().map(|(cohort, ..)| label(*cohort, "channel")).collect();
    let bars = bars.iter().map(|(_, share, rate)| {
        let of = count(share.of);
        let note = within(*rate, share.interval.as_ref(), percent);
        bar(*rate, percent(*rate), format!("{note} of {of} users"))
    });
    let mut option = option(title);
    option["grid"]["top"] = json!(8);
    option["grid"]["right"] = json!(64);
    // Each bar bears its number, so the axis need not.
    option["xAxis"] = json!({
        "type": "value", "axisLabel": { "show": false }, "splitLine": { "show": false },
    });
    option["yAxis"] = json!({ "type": "category", "data": names, "axisTick": { "show": false } });
    option["series"] = json!([{
        "type": "bar",
        "data": bars.collect::<Vec<_>>(),
        "barMaxWidth": 26,
        "label": { "show": true, "position": "right" },
    }]);
    Chart { id, title: title.into(), option }
}

fn deciles(report: &Report) -> Chart {
    let title = "Share of volume by tenth of users, percent";
    let deciles = report.volume.first().into_iter().flat_map(|(_, it)| &it.concentration.deciles);
    let (names, shares): (Vec<_>, Vec<_>) = deciles
        .map(|it| {
            let note = |share| format!("{} of {} users", percent(share), count(it.users));
            let text = |share: f64| format!("{:.1}", share * 100.0);
            let share = it.share.map(|share| bar(share, text(share), note(share)));
            (it.decile.to_string(), share)
        })
        .unzip();
    let mut option = option(title);
    option["grid"]["top"] = json!(24);
    option["xAxis"] = json!({ "type": "category", "data": names, "axisTick": { "show": false } });
    option["yAxis"] = json!({
        "type": "value", "axisLabel": { "show": false }, "splitLine": { "show": false },
    });
    option["series"] = json!([{
        "type": "bar",
        "data": shares,
        "barMaxWidth": 36,
        "label": { "show": true, "position": "top" },
    }]);
    Chart { id: "deciles", title: title.into(), option }
}

/// A bar of a share in percent, with what stands at it and what its tooltip says.
fn bar(share: f64, text: String, note: String) -> Value {
    json!({ "value": tenths(share), "label": { "formatter": text }, "note": note })
}

/// A point of a line at an age, with what its tooltip says; null where too few have reached it.
fn point(
    aged: &Aged,
    value: Option<f64>,
    interval: Option<Interval>,
    show: fn(f64) -> String,
) -> Value {
    let note = known(value, |value| {
        format!("{}, {} users", within(value, interval.as_ref(), show), count(aged.users))
    });
    json!({ "value": [aged.age_days, value.map(round)], "note": note })
}

/// Lines over age, each with the number of its colour, so that a cohort has the same one in every
/// chart; where too few have reached an age, a line ends.
fn lines<'a>(
    id: &'static str,
    title: &str,
    ages: &[u32],
    series: impl Iterator<Item = (usize, Option<&'a str>, Vec<Value>)>,
    mark: Option<f64>,
) -> Chart {
    let series = series.map(|(colour, cohort, points)| {
        json!({
            "type": "line", "name": label(cohort, "channel"), "data": points, "symbolSize": 7,
            "color": COLOURS[colour % COLOURS.len()],
        })
    });
    let mut series: Vec<Value> = series.collect();
    if let (Some(at), Some(first)) = (mark, series.first_mut()) {
        first["markLine"] = json!({
            "silent": true,
            "symbol": "none",
            "lineStyle": { "color": "#64748b", "type": "dashed" },
            "label": { "show": false },
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

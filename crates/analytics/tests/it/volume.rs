use tidegauge_analytics::Cohort;
use tidegauge_analytics::volume::{VolumeParams, concentration, volume};

use crate::support::facts;

#[test]
fn high_volume_traders_by_channel() {
    let facts = facts(
        &[
            ("a", "2026-01-01", Some("search")),
            ("b", "2026-01-01", Some("search")),
            ("c", "2026-01-25", Some("organic")),
        ],
        &[
            ("a", "2026-01-02", 6_000.0, 0.0),
            ("a", "2026-01-20", 4_000.0, 0.0), // reaches 10,000 exactly, on day 19
            ("c", "2026-01-26", 30_000.0, 0.0),
        ],
        "2026-02-01",
    );
    let by_channel = Cohort::dimension("channel");
    let to_date = VolumeParams { within_days: None, ..VolumeParams::default() };
    let table = volume(&facts, &by_channel, &to_date).unwrap();
    let rows: Vec<_> = table
        .cohorts
        .iter()
        .map(|row| {
            (
                row.cohort.as_deref().unwrap(),
                row.users,
                row.high_volume.count,
                row.volume_usd,
                row.mean_usd,
            )
        })
        .collect();
    assert_eq!(rows, [("organic", 1, 1, 30_000.0, 30_000.0), ("search", 2, 1, 10_000.0, 5_000.0)]);

    // Within 14 days: c is 7 days old and not included; a had 6,000.
    let params = VolumeParams { within_days: Some(14), ..VolumeParams::default() };
    let table = volume(&facts, &by_channel, &params).unwrap();
    assert_eq!(table.cohorts.len(), 1);
    assert_eq!((table.cohorts[0].users, table.cohorts[0].high_volume.count), (2, 0));
    assert_eq!(table.cohorts[0].volume_usd, 6_000.0);
}

#[test]
fn deciles_cover_all_users_and_all_volume() {
    // There are 25 users; u00 trades 100, u01 50, u02 to u06 10 each, the others nothing: 200 in
    // all.
    let names: Vec<String> = (0..25).map(|i| format!("u{i:02}")).collect();
    let users: Vec<_> = names.iter().map(|name| (name.as_str(), "2026-01-01", None)).collect();
    let amounts = [100.0, 50.0, 10.0, 10.0, 10.0, 10.0, 10.0];
    let events: Vec<_> = names
        .iter()
        .zip(amounts)
        .map(|(name, amount)| (name.as_str(), "2026-01-02", amount, 0.0))
        .collect();
    let facts = facts(&users, &events, "2026-02-01");
    let spread = concentration(&facts, None).unwrap();
    // Edges at ⌊25 d / 10⌋: 0 2 5 7 10 12 15 17 20 22 25.
    let rows: Vec<_> =
        spread.deciles.iter().map(|decile| (decile.users, decile.share.unwrap())).collect();
    assert_eq!(rows[..4], [(2, 0.75), (3, 0.15), (2, 0.1), (3, 0.0)]);
    assert_eq!(rows.iter().map(|row| row.0).sum::<u64>(), 25);
    // The top 1 % of 25 users is one user.
    assert_eq!(spread.top_1_percent, Some(0.5));
}

#[test]
fn shares_are_unknown_without_volume() {
    let facts = facts(&[("a", "2026-01-01", None)], &[], "2026-02-01");
    let to_date = VolumeParams { within_days: None, ..VolumeParams::default() };
    let table = volume(&facts, &Cohort::Everyone, &to_date).unwrap();
    assert_eq!(table.cohorts[0].high_volume.rate, Some(0.0));
    assert_eq!(concentration(&facts, None).unwrap().top_1_percent, None);
}

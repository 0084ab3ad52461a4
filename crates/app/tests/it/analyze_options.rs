//! Analyses of purchases: further lines of orders, dimensions, and options that are wrong.

use std::fs;

use tempfile::TempDir;
use tidegauge::analyze::AnalyzeParams;

use crate::analyze::{answer, data, read, run};

#[test]
fn further_lines_of_voided_orders_are_left_out_with_them() {
    let dir = TempDir::new().unwrap();
    fs::write(
        dir.path().join("orders.csv"),
        "Name,Email,Financial Status,Total,Created at,Lineitem name\n\
         #1,a@example.com,voided,70.00,2024-01-01,Tee\n\
         #1,a@example.com,,,2024-01-01,Mug\n\
         #2,a@example.com,paid,10.00,2024-01-02,Tee\n\
         #3,a@example.com,,,2024-01-03,Mug\n\
         #4,b@example.com,paid,5.00,2024-01-04,Mug\n",
    )
    .unwrap();
    let summary = &answer(dir.path(), &["orders.csv"])["summary"];
    let further = "further lines of orders, whose amount is in their first line";
    assert_eq!(summary["left_out"][further], 1, "{summary}");
    // The order without any amount cannot be read.
    assert_eq!(summary["set_aside"], 1, "{summary}");
    assert_eq!(summary["unreadable"][0]["place"], "orders.csv:5", "{summary}");
    assert_eq!(summary["purchases"], 2, "{summary}");
}

#[tokio::test]
async fn further_columns_are_dimensions() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("orders.csv");
    let mut text =
        String::from("order,customer,date,amount,utm_campaign,device,shop floor,coupon\n");
    for number in 0..120 {
        let (customer, campaign) = (number % 60, ["spring", "brand"][number % 2]);
        let device = ["ios", "android", "web"][number % 3];
        text += &format!(
            "o-{number},c-{customer},2024-{:02}-05,10.00,{campaign},{device},floor {},code-{number}\n",
            number / 60 + 1,
            number % 4
        );
    }
    fs::write(&path, text).unwrap();
    let mut params =
        AnalyzeParams { files: vec![path.display().to_string()], ..AnalyzeParams::default() };
    params.end = Some("2024-03-01".parse().unwrap());
    let found = read(&params).await.unwrap();
    let names: Vec<&str> = found.facts.dimensions().collect();
    assert_eq!(names, ["campaign", "device", "entry_product"]);
    assert!(
        found.summary.found.iter().any(|sentence| {
            sentence == "`utm_campaign` is a dimension of the users, `campaign`"
        })
    );

    params.hints.dimensions = vec!["Shop Floor".into(), "coupon".into()];
    let asked = read(&params).await.unwrap();
    let report = asked.report(&Default::default()).unwrap();
    let panel = report.panel("churned-by-shop-floor").unwrap();
    assert_eq!(panel.table.number("floor 2", "users"), Some(15.0));
    // The label is that of the first purchase.
    let codes = report.panel("churned-by-coupon").unwrap();
    assert_eq!(codes.table.rows().len(), 60);
    assert_eq!(codes.table.number("code-59", "users"), Some(1.0));

    params.hints.dimensions = vec!["colour".into()];
    let error = read(&params).await.unwrap_err().to_string();
    assert!(error.contains("no column `colour`, which `--dimension` names"), "{error}");
    params.hints.dimensions = vec!["user".into()];
    assert!(read(&params).await.is_err());
}

#[test]
fn unknown_cohorts_and_wrong_options_are_errors_of_the_command_line() {
    let dir = TempDir::new().unwrap();
    let file = data("refunds.csv");
    let file = file.to_str().unwrap();
    let unknown = run(dir.path(), &[file, "--cohort", "planet"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    for known in ["`planet`", "channel", "country", "signup:month"] {
        assert!(unknown.err.contains(known), "{known}: {unknown:?}");
    }
    let wrong = run(dir.path(), &[file, "--ages", "30,x"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.err.contains("--ages") && wrong.err.contains("30,x"), "{wrong:?}");
    let crossed =
        answer(dir.path(), &[file, "--cohort", "channel*country", "--cohort", "everyone"]);
    let panels = crossed["panels"].as_array().unwrap();
    let ids: Vec<&str> = panels.iter().map(|panel| panel["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"churned") && ids.contains(&"churned-by-everyone"), "{ids:?}");
    assert!(ids.contains(&"ltv-by-channel-country") && !ids.contains(&"roas"), "{ids:?}");
}

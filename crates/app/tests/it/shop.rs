//! A shop's data: users and orders with string ids, or payments alone.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tidegauge::core::tables::{RampTransaction, User};
use tidegauge::core::{Filter, Scan, WarehouseExt};

use crate::common::{command_in, output_of, succeed, warehouse};

const SETTINGS: &str = r#"
sources = ["customers", "purchases"]
[market]
derive = false
[[files]]
name = "customers"
path = "customers.csv"
table = "users"
settle = "0s"
[files.columns]
user_id = "id"
signup_at = "registered"
acquisition_channel = "via"
[[files]]
name = "purchases"
path = "purchases.csv"
table = "ramp_transactions"
settle = "0s"
on_duplicate = "refuse"
[files.columns]
transaction_id = "order"
user_id = "customer"
created_at = "paid_on"
fiat_amount = "total"
fiat_currency = { value = "USD" }
fee_usd = "total"
"#;

const CUSTOMERS: &str = "id,registered,via\nc-1,2024-01-02,search\nc-2,2024-01-03,\n00017,2024-01-04,search\n17,2024-01-05,friend\n";
const PURCHASES: &str = "order,customer,paid_on,total\nA-1,c-1,2024-01-05,20.00\nA-2,17,2024-01-06,5.00\nA-3,00017,2024-01-07,7.50\n\
    A-4,c-1,2024-02-01,1.00\n";

fn shop(url: &str, purchases: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    // The export is complete up to its last day, which the settings say.
    let end = "[analytics]\nend = 2024-02-03\n";
    write("tidegauge.toml", &format!("warehouse = \"{url}\"\n{SETTINGS}{end}"));
    write("customers.csv", CUSTOMERS);
    write("purchases.csv", purchases);
    dir
}

fn page(dir: &Path) -> (String, String) {
    let report = output_of(command_in(dir).arg("report"));
    assert_eq!(report.code, Some(0), "{report:?}");
    (fs::read_to_string(dir.join("report.html")).unwrap(), report.out)
}

#[tokio::test]
async fn users_and_orders_with_text_ids_are_reported() {
    for url in ["sqlite://shop.db", "parquet://shop"] {
        let dir = shop(url, PURCHASES);
        let reported = output_of(command_in(dir.path()).arg("run"));
        assert_eq!(reported.code, Some(0), "{reported:?}");
        assert!(reported.err.contains("`status` is `completed`"), "{reported:?}");
        let verify = output_of(command_in(dir.path()).arg("verify"));
        assert_eq!(verify.code, Some(0), "{url}: {verify:?}");
        let (page, output) = page(dir.path());
        // The four users paid 33.50; no country is known.
        assert!(page.contains("$33.50") && page.contains("no country"), "{url}: {output}");
        assert!(page.contains("None of 4 users has passed"), "{url}: {output}");
        let store = url.split_once("://").unwrap();
        let store = warehouse(&format!("{}://{}", store.0, dir.path().join(store.1).display()));
        let one = Scan::all(User::table()).filter(Filter::eq("external_id", "c-1"));
        let one = store.read(&one).await.unwrap();
        assert_eq!(one.rows(), 1, "{url}");
        let id = one.column("user_id").unwrap().as_i64().unwrap().value(0);
        let bought = Scan::all(RampTransaction::table()).filter(Filter::eq("user_id", id));
        assert_eq!(store.count(User::table()).await.unwrap(), 4, "`17` and `00017` are two");
        assert_eq!(store.read(&bought).await.unwrap().rows(), 2, "{url}");
        // A second run finds nothing new.
        succeed(dir.path(), &["run"]);
        assert_eq!(store.count(RampTransaction::table()).await.unwrap(), 4, "{url}");
    }
}

#[test]
fn messages_name_rows_by_their_original_ids() {
    let lost = format!("{PURCHASES}A-5,c-9,2024-02-02,3.00\n");
    let dir = shop("sqlite://shop.db", &lost);
    succeed(dir.path(), &["run"]);
    let verify = output_of(command_in(dir.path()).arg("verify"));
    assert!(verify.code == Some(3) && verify.out.contains("ramp_transactions `A-5`"), "{verify:?}");
    let (page, output) = page(dir.path());
    assert!(output.contains("user `c-9`") && page.contains("user `c-9`"), "{output}");
}

#[test]
fn users_are_derived_from_payments() {
    for url in ["sqlite://shop.db", "parquet://shop"] {
        let dir = shop(url, PURCHASES);
        succeed(dir.path(), &["run", "--source", "purchases"]);
        let verify = output_of(command_in(dir.path()).arg("verify"));
        assert_eq!(verify.code, Some(0), "{url}: {verify:?}");
        let (page, output) = page(dir.path());
        assert!(
            output.contains("There are no users") && page.contains("There are no users"),
            "{output}"
        );
        assert!(page.contains("3 users, 0 orders, 0 trades and 4 ramp purchases"), "{url}");
        assert!(page.contains("$33.50"), "{url}");
        // Without spend there is no ROAS chart, and no note on a line in it.
        assert!(!page.contains("chart-roas") && !page.contains("The dashed line"), "{url}");
    }
}

//! What shops and banks call columns, ids and totals, and what their numbers leave open.
#![cfg(feature = "files")]

use std::fs;

use tidegauge_acquisition::duplicate_rows::DuplicateRows;
use tidegauge_acquisition::files::import::Hints;

use crate::import::{look, read, read_bytes};

fn hints(columns: &[(&str, &str)]) -> Hints {
    let columns = columns.iter().map(|(column, name)| (String::from(*column), String::from(*name)));
    Hints { columns: columns.collect(), ..Hints::default() }
}

#[tokio::test]
async fn numbers_of_customers_and_orders_are_ids() {
    for (customer, order) in [
        ("Customer No", "Order No"),
        ("Customer Number", "Order #"),
        ("cust_id", "order_nr"),
        ("Kunden-Nr.", "Bestellnummer"),
    ] {
        let text = format!(
            "{order},{customer},Date,Total,Currency,Status\n\
             #1001,c-17,2024-01-05T10:00:00Z,12.50,EUR,pending\n#1002,c-18,2024-01-06T10:00:00Z,7.00,EUR,paid\n"
        );
        let orders = read("orders.csv", &text).await;
        assert_eq!((orders.table(), orders.count()), ("ramp_transactions", 2), "{customer}");
        assert_eq!(orders.column("external_id"), ["#1001", "#1002"], "{customer}");
        assert_eq!(orders.column("external_user_id"), ["c-17", "c-18"], "{customer}");
        // A later export has the order in another state.
        assert_eq!(orders.found.entries[0].on_duplicate, Some(DuplicateRows::Last));
    }
}

#[tokio::test]
async fn a_state_is_no_part_of_an_id_that_is_made_of_columns() {
    let text = "customer,date,amount,currency,payment status\n\
                a,2024-01-05,1.50,EUR,pending\nb,2024-01-06,2.50,EUR,paid\n";
    let paid = read("payments.csv", text).await;
    let id = &paid.found.entries[0].columns["transaction_id"];
    assert_eq!(id.columns, ["customer", "date", "amount", "currency"]);
    assert_eq!(paid.found.entries[0].on_duplicate, None, "two that differ are two");
}

#[tokio::test]
async fn totals_are_told_from_names_that_begin_alike() {
    let rows = "customer;date;amount\nSummer AG;24.12.2024;99,50\nSumme und Sohn;27.12.2024;1,50\n";
    for total in ["Summe;;101,00\n", "\"Summe\";;101,00\n", "Summe:;;101,00\n"] {
        let text = format!("{rows}{total}");
        let euros = Hints { currency: Some("EUR".into()), ..Hints::default() };
        let read = read_bytes("p.csv", text.as_bytes(), &euros).await;
        assert_eq!((read.count(), read.set_aside), (2, 0), "{total}");
        assert_eq!(read.column("external_user_id"), ["Summer AG", "Summe und Sohn"], "{total}");
    }
}

#[tokio::test]
async fn marks_that_may_be_of_thousands_or_of_places_are_told() {
    for (text, is_open) in [
        ("id;user;date;total;currency\n1;a;2024-01-05;1,500;EUR\n2;b;2024-01-06;2,250;EUR\n", true),
        ("id,user,date,total,currency\n1,a,2024-01-05,1.500,EUR\n2,b,2024-01-06,2.250,EUR\n", true),
        ("id;user;date;total;currency\n1;a;2024-01-05;1,500;EUR\n2;b;2024-01-06;2,25;EUR\n", false),
        ("id,user,date,total,currency\n1,a,2024-01-05,15,EUR\n2,b,2024-01-06,22,EUR\n", false),
    ] {
        let read = read("sales.csv", text).await;
        assert_eq!(read.says("thousands or places"), is_open, "{text}: {:?}", read.found.guesses);
    }
}

#[tokio::test]
async fn days_begin_at_midnight_of_the_zone_that_is_said() {
    let text = "customer_id,signed_up,country\nc-1,2024-07-01,DE\nc-2,2024-12-01,DE\n";
    let utc = read("customers.csv", text).await;
    assert_eq!(utc.column("signup_at"), ["2024-07-01T00:00:00Z", "2024-12-01T00:00:00Z"]);
    let zone = Hints { zone: Some("Europe/Berlin".into()), ..Hints::default() };
    let berlin = read_bytes("customers.csv", text.as_bytes(), &zone).await;
    assert_eq!(berlin.column("signup_at"), ["2024-06-30T22:00:00Z", "2024-11-30T23:00:00Z"]);
}

#[tokio::test]
async fn orders_without_a_customer_are_no_users() {
    let text = "id,created_at,status,total,currency\n\
                1,2024-01-05T10:00:00Z,paid,12.50,EUR\n2,2024-01-06T10:00:00Z,paid,7.00,EUR\n";
    let read = read("orders.csv", text).await;
    assert_eq!(read.table(), "orders_file");
    assert!(read.says("`--column user_id=NAME`"), "{:?}", read.found.guesses);
}

#[tokio::test]
async fn a_column_is_the_one_that_is_said() {
    let text = "nr,wer,wann,was,currency\n1,a,2024-01-05T10:00:00Z,1.50,EUR\n2,b,2024-01-06T10:00:00Z,2.50,EUR\n";
    let said = hints(&[
        ("transaction_id", "nr"),
        ("user_id", "WER"),
        ("created_at", "wann"),
        ("fiat_amount", "was"),
    ]);
    let read = read_bytes("x.csv", text.as_bytes(), &said).await;
    assert_eq!((read.table(), read.count()), ("ramp_transactions", 2));
    assert_eq!(read.column("fiat_amount"), ["1.50", "2.50"]);
    assert_eq!(read.column("external_user_id"), ["a", "b"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    fs::write(&path, text).unwrap();
    for (wrong, says) in [
        (hints(&[("user", "wer")]), "no built-in table has a column `user`"),
        (hints(&[("user_id", "whom")]), "nothing in it is taken for"),
        (
            Hints { table: Some("users".into()), ..hints(&[("spend", "was")]) },
            "`users` has no column `spend`",
        ),
    ] {
        let error = look(&path, &wrong).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_file_of_rates_fills_the_rates() {
    let text = "date,base,quote,rate\n2024-01-05,EUR,USD,1.0921\n2024-01-08,EUR,USD,1.0950\n";
    let rates = read("rates.csv", text).await;
    assert_eq!((rates.table(), rates.count()), ("fx_rates", 2));
    assert_eq!(rates.column("rate_date"), ["2024-01-05", "2024-01-08"]);
}

#[tokio::test]
async fn a_header_of_a_hundred_letters_becomes_a_name_that_stores_take() {
    let long = "how satisfied are you with ".repeat(4);
    let text = format!("id,{long} apples,{long} pears\n1,good,bad\n2,bad,good\n");
    let read = read("survey.csv", &text).await;
    assert_eq!((read.table(), read.count(), read.set_aside), ("survey", 2, 0));
}

//! Tests of the exports of shops and banks: names of columns, ids and totals, and ambiguous
//! numbers.
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
async fn customer_and_order_numbers_are_ids() {
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
async fn a_state_is_not_part_of_a_composite_id() {
    let text = "customer,date,amount,currency,payment status\n\
                a,2024-01-05,1.50,EUR,pending\nb,2024-01-06,2.50,EUR,paid\n";
    let paid = read("payments.csv", text).await;
    let id = &paid.found.entries[0].columns["transaction_id"];
    assert_eq!(id.columns, ["customer", "date", "amount", "currency"]);
    assert_eq!(paid.found.entries[0].on_duplicate, None, "two that differ are two");
}

#[tokio::test]
async fn totals_are_distinguished_from_similar_names() {
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
async fn ambiguous_separators_are_reported() {
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
async fn dates_begin_at_midnight_of_the_given_zone() {
    let text = "customer_id,signed_up,country\nc-1,2024-07-01,DE\nc-2,2024-12-01,DE\n";
    let utc = read("customers.csv", text).await;
    assert_eq!(utc.column("signup_at"), ["2024-07-01T00:00:00Z", "2024-12-01T00:00:00Z"]);
    let zone = Hints { zone: Some("Europe/Berlin".into()), ..Hints::default() };
    let berlin = read_bytes("customers.csv", text.as_bytes(), &zone).await;
    assert_eq!(berlin.column("signup_at"), ["2024-06-30T22:00:00Z", "2024-11-30T23:00:00Z"]);
}

#[tokio::test]
async fn orders_without_a_customer_are_not_users() {
    let text = "id,created_at,status,total,currency\n\
                1,2024-01-05T10:00:00Z,paid,12.50,EUR\n2,2024-01-06T10:00:00Z,paid,7.00,EUR\n";
    let read = read("orders.csv", text).await;
    assert_eq!(read.table(), "orders_file");
    assert!(read.says("`--column user_id=NAME`"), "{:?}", read.found.guesses);
}

#[tokio::test]
async fn a_given_column_is_used() {
    let text = "nr,wer,wann,was,currency\n1,a,2024-01-05T10:00:00Z,1.50,EUR\n2,b,2024-01-06T10:00:00Z,2.50,EUR\n";
    let message = hints(&[
        ("transaction_id", "nr"),
        ("user_id", "WER"),
        ("created_at", "wann"),
        ("fiat_amount", "was"),
    ]);
    let read = read_bytes("x.csv", text.as_bytes(), &message).await;
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
async fn product_names_are_not_markets() {
    let text = "date,customer,product,amount,currency\n2024-01-02,a,Lamp,10.00,EUR\n\
                2024-01-03,b,Chair,20.00,EUR\n2024-01-04,a,Table,7.50,EUR\n";
    let read = read("sales.csv", text).await;
    assert_eq!((read.table(), read.count()), ("ramp_transactions", 3));
}

#[tokio::test]
async fn an_order_with_unreadable_amounts_is_not_a_user() {
    let text = "order_id,user_id,created_at,amount,currency\n\
                1,1,2026-01-02,\"1,23,456.50\",INR\n2,2,2026-01-03,\"5,600.00\",INR\n";
    assert_eq!(read("orders.csv", text).await.table(), "orders_file");
}

#[tokio::test]
async fn unknown_states_are_quarantined() {
    let header = "order_id,user_id,created_at,amount,currency,status\n";
    let rows = |states: [&str; 2]| {
        format!(
            "{header}1,7,2024-01-02,1.50,EUR,{}\n2,8,2024-01-03,2.50,EUR,{}\n",
            states[0], states[1]
        )
    };
    let french = read("a.csv", &rows(["Payée", "Annulée"])).await;
    assert_eq!(french.column("status"), ["completed", "failed"]);
    // States of later exports are known.
    let paid = read("a.csv", &rows(["Paid", "Paid"])).await;
    let values = &paid.found.entries[0].columns["status"].values;
    assert!(values.contains_key("Refunded") && values.contains_key("pending"), "{values:?}");
    let odd = read("a.csv", &rows(["in orbit", "in orbit"])).await;
    assert_eq!((odd.count(), odd.set_aside), (0, 2));
    assert!(odd.says("`in orbit`"), "{:?}", odd.found.guesses);
}

#[tokio::test]
async fn amounts_keep_their_own_currency_or_are_quarantined() {
    let text = |amounts: [&str; 2]| {
        let header = "order_id,user_id,created_at,amount\n";
        format!("{header}1,7,2024-01-02,\"{}\"\n2,8,2024-01-03,\"{}\"\n", amounts[0], amounts[1])
    };
    let codes = read("a.csv", &text(["10.50 EUR", "11.50 USD"])).await;
    assert_eq!(codes.column("fiat_currency"), ["EUR", "USD"]);
    let zloty = read("a.csv", &text(["10,50 zł", "7,00 zł"])).await;
    assert_eq!(zloty.column("fiat_currency"), ["PLN", "PLN"]);
    let mixed = text(["10,50 €", "20,00 £"]);
    let euros = Hints { currency: Some("EUR".into()), ..Hints::default() };
    let some = read_bytes("a.csv", mixed.as_bytes(), &euros).await;
    assert_eq!((some.column("fiat_amount"), some.set_aside), (vec!["10.50".into()], 1));
    assert!(read("a.csv", &mixed).await.says("several currencies"));
}

#[tokio::test]
async fn cents_are_divided_if_the_name_says_so_and_otherwise_reported() {
    let text = |name: &str| {
        format!(
            "id,customer,created_at,{name},currency\nc1,7,2024-01-02,1999,EUR\nc2,8,2024-01-03,250,EUR\n"
        )
    };
    let message = Hints {
        columns: [("fiat_amount".into(), "amount_cents".into())].into(),
        ..Hints::default()
    };
    let cents = read_bytes("a.csv", text("amount_cents").as_bytes(), &message).await;
    assert_eq!(cents.column("fiat_amount"), ["19.99", "2.50"]);
    assert!(cents.says("divided by 100"), "{:?}", cents.found.guesses);
    let whole = read("a.csv", &text("amount")).await;
    assert_eq!(whole.column("fiat_amount"), ["1999.00", "250.00"]);
    assert!(whole.says("`divide = 100`"), "{:?}", whole.found.guesses);
}

#[tokio::test]
async fn a_date_and_its_time_in_two_columns_are_joined() {
    let text = "Order ID,Date,Time,Customer ID,Total,Currency\n\
                1,5/21/2024,8:15 PM,7,10.00,USD\n2,5/22/2024,9:05 AM,8,11.00,USD\n";
    let orders = read("orders.csv", text).await;
    assert_eq!(orders.column("created_at"), ["2024-05-21T20:15:00Z", "2024-05-22T09:05:00Z"]);
    assert!(!orders.says("not taken"), "{:?}", orders.found.found);
    let own = read(
        "log.csv",
        "Ticket;Datum;Uhrzeit;Text\nA1;21.05.2024;20:15;x\nA2;22.05.2024;09:05;y\n",
    )
    .await;
    assert_eq!(own.column("datum"), ["2024-05-21T20:15:00Z", "2024-05-22T09:05:00Z"]);
}

#[tokio::test]
async fn padded_titles_and_subtotals_are_not_rows() {
    let title = "Acme Inc,,,\nOrders Q1,,,\n,,,\n";
    let group = |from: usize| {
        let rows =
            (from..from + 3).map(|id| format!("d-{id},2024-01-0{},k{id},10.50\n", id % 9 + 1));
        format!("{}Subtotal,,,31.50\n", rows.collect::<String>())
    };
    let groups: String = (0..12).map(|group_at| group(3 * group_at)).collect();
    let text = format!("{title}Doc No,Day,Client,Amount\n{groups}Gesamtsumme,,,378.00\n");
    let euros = Hints { currency: Some("EUR".into()), ..Hints::default() };
    let read = read_bytes("erp.csv", text.as_bytes(), &euros).await;
    assert_eq!((read.count(), read.set_aside), (36, 0), "{:?}", read.found.found);
    assert_eq!(read.table(), "erp");
}

#[tokio::test]
async fn a_unique_first_column_is_the_key() {
    let text = "Ticket;Updated At;Status\nA1;2026-01-02 10:00:00;open\nA2;2026-01-03 10:00:00;open\n\
                A3;2026-01-04 11:00:00;closed\n";
    let read = read("tickets.csv", text).await;
    assert_eq!(read.found.tables[0].key, ["ticket"]);
}

#[tokio::test]
async fn times_with_a_zone_name_are_not_numbers() {
    let text = "id,happened_at,note\n1,2026-01-05 10:00:00 CET,a\n2,2026-07-05 10:00:00 CEST,b\n";
    let read = read("a.csv", text).await;
    assert_eq!(read.column("happened_at")[0], "2026-01-05 10:00:00 CET");
}

#[tokio::test]
async fn a_file_of_rates_fills_the_rates() {
    let text = "date,base,quote,rate\n2024-01-05,EUR,USD,1.0921\n2024-01-08,EUR,USD,1.0950\n";
    let rates = read("rates.csv", text).await;
    assert_eq!((rates.table(), rates.count()), ("fx_rates", 2));
    assert_eq!(rates.column("rate_date"), ["2024-01-05", "2024-01-08"]);
}

#[tokio::test]
async fn a_header_of_a_hundred_letters_becomes_a_valid_name() {
    let long = "how satisfied are you with ".repeat(4);
    let text = format!("id,{long} apples,{long} pears\n1,good,bad\n2,bad,good\n");
    let read = read("survey.csv", &text).await;
    assert_eq!((read.table(), read.count(), read.set_aside), ("survey", 2, 0));
}

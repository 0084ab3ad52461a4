//! Tests of the inference of purchases, on files as exports have them.

use std::fs;

use tidegauge_core::ErrorKind;

use super::{Layout, PurchaseColumn, PurchaseFile, PurchaseHints, inspect_purchases};
use crate::Result;

fn inspect_with(text: &str, hints: &PurchaseHints) -> Result<PurchaseFile> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sales.csv");
    fs::write(&path, text).unwrap();
    let now = "2024-06-01T00:00:00Z".parse().unwrap();
    inspect_purchases(&path.display().to_string(), hints, now)
}

fn inspect(text: &str) -> PurchaseFile {
    inspect_with(text, &PurchaseHints::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Returns the columns of a file: user, time and value.
fn columns(text: &str) -> [String; 3] {
    let file = inspect(text);
    [PurchaseColumn::User, PurchaseColumn::Time, PurchaseColumn::Value]
        .map(|column| file.columns[&column].clone())
}

#[test]
fn columns_are_found_by_their_usual_names() {
    for (header, row, found) in [
        ("user,date,value", "a,2024-01-05,1.5", ["user", "date", "value"]),
        (
            "id,customer_id,created_at,amount",
            "1,c,2024-01-05,1.5",
            ["customer_id", "created_at", "amount"],
        ),
        (
            "Order,Client,Ordered At,Total",
            "A1,c,2024-01-05 10:00,12",
            ["Client", "Ordered At", "Total"],
        ),
        ("E-Mail,Paid at,Gross", "a@b.example,2024-01-05,1.5", ["E-Mail", "Paid at", "Gross"]),
        ("account,order_date,revenue", "7,05.01.2024,3", ["account", "order_date", "revenue"]),
        ("buyer,timestamp,price", "7,1704448800,3.20", ["buyer", "timestamp", "price"]),
        (
            "Customer ID,Created (UTC),Amount,Net",
            "c,2024-01-05 10:00,5,4",
            ["Customer ID", "Created (UTC)", "Amount"],
        ),
        (
            "CustomerID,InvoiceDate,UnitPrice,Quantity",
            "17850,12/24/2023 8:26,2.55,6",
            ["CustomerID", "InvoiceDate", "UnitPrice"],
        ),
        (
            "Kunde;Bestelldatum;Betrag",
            "k1;24.12.2023;1.234,50",
            ["Kunde", "Bestelldatum", "Betrag"],
        ),
        ("user_id,day,amount_eur", "1,2024-01-05,2.50", ["user_id", "day", "amount_eur"]),
    ] {
        assert_eq!(columns(&format!("{header}\n{row}\n")), found, "{header}");
    }
}

#[test]
fn other_columns_are_taken_only_if_their_values_fit() {
    let file = inspect(
        "Name,Email,Type,Status,Mode,Total,Currency,Date,Source,Country\n\
         #1,a@b.example,sale,paid,Live,10.00,eur,2024-01-05,ads,DE\n\
         #2,a@b.example,refund,paid,Test,5.00,eur,2024-01-06,ads,DE\n",
    );
    let name = |column| file.columns.get(&column).map(String::as_str);
    assert_eq!(name(PurchaseColumn::Order), Some("Name"));
    assert_eq!(name(PurchaseColumn::Kind), Some("Type"));
    assert_eq!(name(PurchaseColumn::Status), Some("Status"));
    assert_eq!(name(PurchaseColumn::Test), Some("Mode"));
    assert_eq!(name(PurchaseColumn::Channel), Some("Source"));
    // Names of persons are no orders, and colors no kinds and no statuses.
    let file = inspect(
        "Name,Email,Type,Status,Total,Date\n\
         Ann Lee,a@b.example,red,gold,10.00,2024-01-05\n\
         Bo Ek,b@b.example,blue,silver,5.00,2024-01-06\n",
    );
    for column in [PurchaseColumn::Order, PurchaseColumn::Kind, PurchaseColumn::Status] {
        assert!(!file.columns.contains_key(&column), "{column:?}: {:?}", file.columns);
    }
}

#[test]
fn columns_without_known_names_are_found_by_their_values() {
    let found = columns(
        "who,bought,what,x\nann,2024-01-05,tea,1.50\nbob,2024-01-06,tea,2.50\nann,2024-01-07,tea,3.50\nbob,2024-01-09,tea,3.50\n",
    );
    assert_eq!(found, ["who", "bought", "x"]);
    // No header, any run of blanks between cells, and days as numbers.
    let file = inspect(
        " 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n 00002 19970112  5   77.00\n",
    );
    assert_eq!((file.entry.header, file.entry.delimiter), (false, Some(' ')));
    let columns: Vec<_> = file.columns.values().map(String::as_str).collect();
    assert_eq!(columns, ["1", "2", "4"]);
    // A number in the sample beside the id of the user is another id of the same.
    let file = inspect(
        "00004 0001 19970101  2   29.33\n00004 0001 19970118  2   29.73\n00021 0002 19970101  3   63.34\n00021 0002 19970113  1   11.77\n",
    );
    let columns: Vec<_> = file.columns.values().map(String::as_str).collect();
    assert_eq!(columns, ["1", "3", "5"]);
}

#[test]
fn missing_and_ambiguous_columns_name_their_option() {
    for (text, says) in [
        ("user,date,comment\na,2024-01-01,fine\n", "`--value COLUMN` names it"),
        ("user,date,x,y\na,2024-01-01,1.5,2.5\n", "`--value COLUMN` names one of `x`, `y`"),
        ("user,amount\na,1.5\n", "no column is known to be the time"),
        ("date,amount\n2024-01-01,1.5\n", "`--user COLUMN`"),
    ] {
        let error = inspect_with(text, &PurchaseHints::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
        assert!(error.to_string().contains(says), "{error}");
    }
    let columns = [(PurchaseColumn::Value, "4".to_owned())].into();
    let hints = PurchaseHints { columns, ..PurchaseHints::default() };
    let file = inspect_with("user,date,x,y\na,2024-01-01,1.5,2.5\n", &hints).unwrap();
    assert_eq!(file.columns[&PurchaseColumn::Value], "y");
    let error = inspect_with("user,date,x\na,2024-01-01,1.5\n", &hints).unwrap_err();
    assert!(error.to_string().contains("no column `4`, which `--value` names"), "{error}");
}

#[test]
fn currencies_and_cents_follow_from_signs_and_names() {
    let currency = |text: &str| inspect(text).currency;
    assert_eq!(currency("user,date,amount\na,2024-01-01,12.50 €\n"), Some("EUR".into()));
    assert_eq!(currency("user,date,amount_usd\na,2024-01-01,12.50\n"), Some("USD".into()));
    assert_eq!(currency("user,date,amount\na,2024-01-01,12.50\n"), None);
    assert_eq!(inspect("user,date,amount_cents\na,2024-01-01,1250\n").divisor, 100);
    assert_eq!(inspect("user,date,amount\na,2024-01-01,1250\n").divisor, 1);
}

#[test]
fn trades_and_ledgers_have_fees_as_revenue() {
    let trades = inspect(
        "txid,ordertxid,account,pair,time,type,price,cost,fee,vol\n\
         T1,O1,AA,BTC/USD,2024-01-05 10:00:00,buy,40000.0,1000.00,2.60,0.025\n",
    );
    assert_eq!(trades.layout, Layout::Trades);
    assert_eq!(trades.columns[&PurchaseColumn::Value], "cost");
    assert_eq!(trades.columns[&PurchaseColumn::Revenue], "fee");
    assert_eq!(trades.columns[&PurchaseColumn::Order], "ordertxid");
    let ledger = inspect(
        "refid,account,time,type,asset,amount,fee\n\
         R1,AA,2024-01-05 10:00:00,trade,ZEUR,-100.0,0.26\n\
         R2,AA,2024-01-06 10:00:00,deposit,ZEUR,50.0,0\n",
    );
    assert_eq!(ledger.layout, Layout::Ledger);
    assert_eq!(ledger.columns[&PurchaseColumn::Currency], "asset");
    // What a payment service charges is no revenue.
    let payments = inspect("user,date,amount,fee\na,2024-01-05,12.50,0.50\n");
    assert!(!payments.columns.contains_key(&PurchaseColumn::Revenue));
}

#![allow(clippy::unwrap_used)]
mod support;
use support::*;
use tidegauge_core::*;
fn rows(from: i64, n: i64) -> Batch {
    let mut b = BatchBuilder::new(tables::Trade::table());
    for id in from..from + n {
        for c in [
            Cell::Int(id as i128),
            Cell::Int((id / 3) as i128),
            Cell::Int((id as i128 * 7919) % 100_000),
            Cell::Text("BTC/USD"),
            Cell::Text("buy"),
            Cell::Text("BTC"),
            Cell::Text("USD"),
            Cell::Decimal(12_345_678 + id as i128),
            Cell::Decimal(3_426_519_345_116),
            Cell::Decimal(3_426_519_345_116 + id as i128 * 31),
            Cell::Decimal(1234567),
            Cell::Text("USD"),
            Cell::Bool(id % 2 == 0),
            Cell::Timestamp(1_600_000_000_000_000 + id * 1000),
        ] {
            b.push(c).unwrap();
        }
    }
    b.finish().unwrap()
}
#[tokio::test]
async fn bench() {
    let pages: Vec<_> = (0..5).map(|p| rows(p * 40_000, 40_000)).collect();
    for scheme in ["sqlite"] {
        let store = Store::new(scheme);
        let sink = store.sink();
        let t = std::time::Instant::now();
        let mut before = None;
        for (at, page) in pages.iter().enumerate() {
            load(&*sink, before.as_deref(), &at.to_string(), std::slice::from_ref(page))
                .await
                .unwrap();
            before = Some(at.to_string());
        }
        println!("{scheme} load 200k: {:?}", t.elapsed());
        if scheme != "csv" {
            for cols in [
                vec!["trade_id"],
                vec!["trade_id", "order_id", "user_id"],
                vec!["price"],
                vec!["quote_amount"],
                vec!["executed_at"],
                vec!["side"],
                vec!["is_maker"],
            ] {
                let t = std::time::Instant::now();
                let f = store
                    .warehouse()
                    .scan(&Scan::columns(tables::Trade::table(), cols.clone()))
                    .await
                    .unwrap();
                println!("{scheme} scan {cols:?} {}: {:?}", f.height(), t.elapsed());
            }
            let t = std::time::Instant::now();
            let f = store.warehouse().scan(&Scan::all(tables::Trade::table())).await.unwrap();
            println!("{scheme} scan {}: {:?}", f.height(), t.elapsed());
        }
    }
}

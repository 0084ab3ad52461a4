//! A local market data server: it implements as much of Kraken's WebSocket API (version 2) and of
//! Twelve Data's as a client needs, replays recorded prices, and fails as scripted.
//!
//! It serves examples and tests without a network. Its messages depend on the recorded prices and
//! the script alone, so the same script always gives the same messages.
//!
//! ```
//! use tidegauge_replay::{Action, Connection, Market, Replay, Script, Service};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let prices = "date,symbol,open,high,low,close\n2021-02-26,BTC,100,120,90,110\n";
//! let script = Script {
//!     connections: vec![
//!         Connection::Serve(vec![Action::Ticks(10), Action::Drop]),
//!         Connection::Serve(vec![Action::Ticks(10)]),
//!     ],
//!     ..Script::new(Service::Kraken, Market::from_csv(prices)?)
//! };
//! let server = Replay::start(script).await?;
//! assert!(server.url().starts_with("http://127.0.0.1:")); // ws:// works as well
//! # Ok(())
//! # }
//! ```

mod handshake;
mod kraken;
mod market;
mod script;
mod server;
mod twelvedata;

pub use market::{Market, Price, PriceFileError, Tick, TimeSource};
pub use script::{Action, Connection, Script, Service};
pub use server::Replay;

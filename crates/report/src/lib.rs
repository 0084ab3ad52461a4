//! Presentation of metrics without I/O: panels, insights in words, and the single-file HTML report.
//!
//! A [`Panel`] is a [`Table`] of typed cells with a [`Chart`] of some of its columns. HTML, CSV and
//! SVG are generated from the same cells, so they always agree. A [`Question`] asks for a page or
//! one panel of it, an [`Answer`] holds panels and insights, and a [`Report`] holds the answers to
//! all pages.
//!
//! The crate reads no warehouse, writes no file and knows no source of data: the caller provides
//! the origin of the numbers as [`Provenance`].
//!
//! | items | contents |
//! |---|---|
//! | [`Table`], [`Column`], [`Cell`], [`Format`] | typed cells with intervals, and their text |
//! | [`Chart`], [`Bars`], [`Lines`], [`Series`], [`HeatMap`] | charts of a table's columns, as SVG |
//! | [`Panel`], [`Tile`] | the elements of a page: retention, churn, LTV, CAC, ROAS, payback |
//! | [`Computation`] | how a panel or a tile is computed, and with what |
//! | [`Question`], [`Parameters`], [`answer()`], [`Answer`] | a request for a page or a panel, and its result |
//! | [`Currency`], [`Business`] | the unit of amounts and the words of a report |
//! | [`Report`], [`ReportData`] | all pages at once, as HTML or as data for programs |
//! | [`mod@reference`] | `docs/tables.md`, generated from the definitions of the tables |
//!
//! ```
//! use tidegauge_report::{
//!     Bars, Cell, Chart, Column, Direction, Format, Interval, Panel, Table,
//! };
//!
//! let mut table = Table::new([
//!     Column::new("channel", "Channel", Format::Name),
//!     Column::new("churned", "Churned", Format::Percent).with_interval().with_n(),
//! ])?;
//! let interval = |low, high| Some(Interval { low, high: Some(high), level: 0.9 });
//! table.push([
//!     Cell::text("paid_social"),
//!     Cell::estimate(Some(0.577), interval(0.481, 0.667), Some(104)),
//! ])?;
//! table.push([
//!     Cell::text("referral"),
//!     Cell::estimate(Some(0.206), interval(0.127, 0.316), Some(68)),
//! ])?;
//! let panel = Panel::new("churned", "Churn by channel", "percent of users", table)
//!     .with_chart(Chart::Bars(Bars {
//!         title: "Churned, by channel".into(),
//!         labels: "channel".into(),
//!         values: "churned".into(),
//!         direction: Direction::Right,
//!     }))?;
//!
//! assert_eq!(
//!     panel.to_csv(),
//!     "channel,churned,churned_low,churned_high,churned_n\n\
//!      paid_social,0.577,0.481,0.667,104\n\
//!      referral,0.206,0.127,0.316,68\n",
//! );
//! let svg = panel.to_svg()?.unwrap_or_default();
//! assert!(svg.contains("57.7\u{a0}% (90\u{a0}%: 48.1–66.7\u{a0}%) of 104 users"));
//! assert!(panel.to_html()?.contains("<th scope=\"row\">paid social</th>"));
//! # Ok::<(), tidegauge_report::Error>(())
//! ```
//!
//! With [`Facts`](tidegauge_analytics::Facts), panels are built automatically:
//!
//! ```
//! use polars::df;
//! use tidegauge_analytics::Facts;
//! use tidegauge_report::{Dataset, Provenance, Question, answer};
//!
//! let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
//! let purchases = df!(
//!     "user" => ["ann", "ann", "bob"],
//!     "at" => [day("2026-01-05"), day("2026-01-14"), day("2026-01-06")],
//!     "value" => [20.0, 5.0, 7.5],
//! )?;
//! let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
//! let facts = Facts::from_transactions(&purchases, end)?;
//! let dataset = Dataset { facts: &facts, provenance: &Provenance::default() };
//! let question = Question::from_query(
//!     "acquisition",
//!     [("cohort", "signup:week"), ("threshold_usd", "20"), ("panel", "high-volume")],
//! )?;
//! let panel = &answer(dataset, &question)?.panels[0];
//! assert_eq!(panel.title, "Volume by week of signup");
//! assert_eq!(panel.table.number("2026-01-05", "high_volume"), Some(0.5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod answer;
mod chart;
mod cohort;
mod computation;
mod currency;
mod data;
mod error;
mod format;
mod html;
mod insights;
mod metrics;
mod pages;
mod panel;
mod parameters;
mod provenance;
mod question;
pub mod reference;
mod report;
mod table;
mod tile;
mod vocabulary;

pub use answer::{Answer, Dataset, answer};
pub use chart::{Bars, Chart, Direction, HeatMap, Lines, Point, Series};
pub use computation::{Computation, Setting};
pub use currency::Currency;
pub use data::{ColumnData, PageData, PanelData, ReportData, TableData};
pub use error::{Error, Result};
pub use format::Format;
pub use panel::Panel;
pub use parameters::{Anchor, End, Parameters};
pub use provenance::{PriceSpan, Provenance, SimulatedWorld};
pub use question::{Filters, Page, Question};
pub use report::{AnsweredQuestion, Report};
pub use table::{Cell, Column, Interval, Missing, Number, Row, Table};
pub use tile::{Tile, Trend};
pub use vocabulary::Business;

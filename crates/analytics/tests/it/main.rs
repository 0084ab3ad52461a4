//! Tests of the metrics and the audit, on data small enough to compute by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy spares `#[test]` functions only, not their helpers"
)]

mod audit;
mod cdnow;
mod churn;
mod cost_coverage;
mod cumulative_mean;
mod edges;
mod facts;
mod frames;
mod growth;
mod kpi;
mod kpi_coverage;
mod kpi_net_inflow;
mod kpi_properties;
mod leaving;
mod ltv;
mod market;
mod market_statistics;
mod naive;
mod observation;
mod properties;
mod retention;
mod spend_lag;
mod support;
mod trade_fees;
mod unit_economics;
mod volume;
mod volume_distribution;
mod volume_incidence;
mod volume_prediction;
mod warehouse;

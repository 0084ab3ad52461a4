//! Parameter recovery: estimators applied to simulated users must find the true parameters, and forecasts
//! must hold.

mod bgnbd;
mod cdnow;
mod exchange;
mod gamma_gamma;
mod optimise;
mod parameter_test;
mod sample;
mod simulated;

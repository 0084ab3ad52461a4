//! Whether a simulated user does what the processes say: their parameters are found again from what the users
//! did, and what the processes expect comes true.

mod bgnbd;
mod cdnow;
mod exchange;
mod gamma_gamma;
mod judge;
mod optimise;
mod sample;
mod simulated;

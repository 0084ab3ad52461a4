//! Special functions.

pub mod normal;

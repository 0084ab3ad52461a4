//! Special functions and small linear algebra.

pub(crate) mod cholesky;
pub mod gamma;
pub(crate) mod level;
pub mod normal;
pub mod student;

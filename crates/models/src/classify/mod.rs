//! Classification of users by an outcome that is known later, such as a high volume, from what is
//! known early, such as the first week.
//!
//! | item | contents |
//! |---|---|
//! | [`Logistic`] | logistic regression with a ridge penalty |
//! | [`auc`], [`auc_difference`] | how well scores order users, and which of two does better |
//! | [`calibration`](calibration()) | whether predicted probabilities are right; Brier score |
//!
//! Judge a model on users that it was not fitted to, best on later cohorts.

mod auc;
mod calibration;
mod error;
mod features;
mod logistic;
mod newton;
mod scale;

pub use auc::{auc, auc_difference};
pub use calibration::{Calibration, CalibrationGroup, calibration};
pub use error::{ClassifyError, Unidentified};
pub use features::Features;
pub use logistic::{Logistic, LogisticParams};

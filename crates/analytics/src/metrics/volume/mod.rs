//! High-volume traders: their share and the time to become one by cohort, the concentration of
//! volume over users, and the prediction of high volume from the first week. See
//! `docs/metrics/volume.md`.

mod comparison;
mod distribution;
mod first_days;
mod incidence;
mod prediction;
mod prediction_table;
mod threshold;

pub use distribution::{Concentration, Decile, LorenzPoint, concentration};
pub use incidence::{
    IncidenceAtHorizon, IncidenceCohort, IncidenceParams, IncidenceTable, incidence,
};
pub use prediction::predict;
pub use prediction_table::{
    CalibrationGroup, Feature, FeatureEffect, FittedPrediction, PredictionParams, PredictionResult,
    Refusal, SampleSize, VolumePrediction,
};
pub use threshold::{VolumeCohort, VolumeParams, VolumeTable, volume};

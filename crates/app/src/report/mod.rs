//! The three answers, on one page that needs nobody else.

mod answers;
mod basis;
mod charts;
mod format;
mod heatmap;
mod page;
mod tables;

use std::path::Path;
use std::{fs, io};

use tidegauge_analytics::acquisition::{self, AcquisitionParams, AcquisitionTable, Breakdown};
use tidegauge_analytics::churn::{self, ChurnParams, ChurnTable};
use tidegauge_analytics::ltv::{self, LtvTable};
use tidegauge_analytics::retention::{self, RetentionParams, RetentionTable};
use tidegauge_analytics::volume::{self, VolumeParams, VolumeTable};
use tidegauge_analytics::{Cohort, Facts, Kinds, Period};
use tidegauge_core::Warehouse;

pub use basis::{Basis, Prices};

use crate::{Config, Error, Result};

/// The ages, in days since signup, at which revenue per user is shown.
const AGES: [u32; 7] = [7, 14, 30, 45, 60, 75, 90];

/// What users are compared by.
const DIMENSIONS: [(&str, &str); 4] = [
    ("channel", "Channel"),
    ("country", "Country"),
    ("tier", "Account tier"),
    ("campaign", "Campaign"),
];

/// The three answers and the tables behind them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// What the numbers stand on.
    pub basis: Basis,
    /// Who becomes a high-volume trader: a name for the dimension, and its table.
    pub volume: Vec<(String, VolumeTable)>,
    /// Who comes back, by the week of signup.
    pub weekly: RetentionTable,
    /// Who comes back, by the month of signup.
    pub monthly: RetentionTable,
    /// Who comes back after a first trade, by its month.
    pub traders: RetentionTable,
    /// Who leaves: a name for the dimension, and its table.
    pub churn: Vec<(String, ChurnTable)>,
    /// What users are worth, by the month of signup.
    pub ltv_by_month: LtvTable,
    /// What channels cost and bring.
    pub channels: AcquisitionTable,
    /// What campaigns cost and bring.
    pub campaigns: AcquisitionTable,
}

impl Report {
    /// Works out the answers from a warehouse.
    ///
    /// # Errors
    /// When the warehouse cannot be read, has no users, or lacks a price or rate that the value of
    /// an event needs.
    pub async fn build(config: &Config, warehouse: &dyn Warehouse) -> Result<Self> {
        let basis = Basis::read(warehouse).await?;
        if basis.users == 0 {
            return Err(Error::Nothing { warehouse: warehouse.name().into() });
        }
        let facts = Facts::from_warehouse(warehouse, None).await?;
        let basis = basis.observed_to(facts.end());
        let threshold = VolumeParams {
            threshold_usd: config.analytics.high_volume_usd,
            ..VolumeParams::default()
        };
        // Who only takes money out is on the way out.
        let activity = Kinds::only(["trade", "ramp"]);
        let inactive = ChurnParams {
            inactive_days: config.analytics.inactive_days,
            activity: activity.clone(),
        };
        let month = ("Month of signup".to_owned(), Cohort::Signup(Period::Month));
        let cohorts: Vec<_> = DIMENSIONS
            .iter()
            .map(|(column, name)| ((*name).to_owned(), Cohort::dimension(*column)))
            .chain([month])
            .collect();
        let mut volume = Vec::new();
        let mut churn = Vec::new();
        for (name, cohort) in cohorts {
            volume.push((name.clone(), volume::volume(&facts, &cohort, &threshold)?));
            churn.push((name, churn::churn(&facts, &cohort, &inactive)?));
        }
        let by = |by| AcquisitionParams { by, ages: AGES.into(), ..AcquisitionParams::default() };
        let stay =
            |period| RetentionParams { activity: activity.clone(), ..RetentionParams::by(period) };
        let traders =
            RetentionParams { anchor: retention::Anchor::first_trade(), ..stay(Period::Month) };
        Ok(Self {
            volume,
            churn,
            weekly: retention::retention(&facts, &stay(Period::Week))?,
            monthly: retention::retention(&facts, &stay(Period::Month))?,
            traders: retention::retention(&facts, &traders)?,
            ltv_by_month: ltv::cohorts(&facts, &Cohort::Signup(Period::Month), &AGES)?,
            channels: acquisition::acquisition(&facts, &by(Breakdown::Channel))?,
            campaigns: acquisition::acquisition(&facts, &by(Breakdown::Campaign))?,
            basis,
        })
    }

    /// The page: one HTML file that holds all it needs.
    ///
    /// # Errors
    /// When the page cannot be rendered.
    pub fn to_html(&self) -> Result<String> {
        page::render(self)
    }

    /// The three answers in a sentence or two each, plain text.
    pub fn answers(&self) -> [String; 3] {
        [
            answers::acquisition(self),
            answers::retention(self),
            answers::monetization(&self.channels),
        ]
    }
}

/// Writes a page to `file`, whole or not at all, making its folder if that is missing.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write(file: &Path, page: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut half = file.as_os_str().to_owned();
    half.push(".part");
    fs::write(&half, page)?;
    fs::rename(&half, file)
}

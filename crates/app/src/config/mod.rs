//! The configuration: `tidegauge.toml`, overridden by the environment, overridden by flags.

mod check;
mod dotenv;
mod file;
mod lines;
mod load;
mod market;
mod names;
mod origins;
mod secrets;
mod selection;
mod setting_errors;
mod settings;
mod store;
mod template;
mod text;

pub use self::dotenv::load_env_file;
pub use self::load::FILE;
pub use self::market::MarketConfig;
pub use self::secrets::Secrets;
pub(crate) use self::selection::UserSource;
pub use self::settings::{AnalyticsConfig, Config, Preset, SimulationConfig};
pub use self::store::StoreUrl;
pub use self::text::without_userinfo;

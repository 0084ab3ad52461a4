//! The options of `tidegauge analyze`.

use std::path::PathBuf;

use tidegauge::analyze::RefundRule;

use super::definitions::Definitions;
use super::values::parameter;

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Analyze {
    /// The files: CSV, JSON lines or Parquet; or glob patterns of files with the same columns: 'exports/orders-*.csv'
    #[arg(required_unless_present = "query", value_name = "FILE")]
    pub(crate) files: Vec<String>,

    /// Analyze the rows of this SELECT instead, in the database of --from
    #[arg(long, value_name = "SQL", requires = "from", conflicts_with = "files")]
    pub(crate) query: Option<String>,

    /// The URL of the database: sqlite://FILE, postgres://… or mysql://…
    #[arg(long, value_name = "URL", env = "TIDEGAUGE_ANALYZE_FROM", hide_env_values = true)]
    pub(crate) from: Option<String>,

    /// The rows that take back a purchase: any (negative amounts, and rows whose kind says so), negative, kind, or none
    #[arg(long, value_name = "RULE", default_value = "any")]
    pub(crate) refunds: RefundRule,

    /// Analyze the rows of this currency only
    #[arg(long, value_name = "CODE")]
    pub(crate) only_currency: Option<String>,

    /// Fail at the first row that cannot be read, instead of setting it aside
    #[arg(long)]
    pub(crate) strict: bool,

    /// The report to write
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    pub(crate) report: PathBuf,

    /// Write the table of each panel to a file in this folder as well
    #[arg(long, value_name = "FOLDER")]
    pub(crate) tables: Option<PathBuf>,

    /// Write the tables as Parquet instead of CSV
    #[arg(long, requires = "tables")]
    pub(crate) parquet: bool,

    #[command(flatten)]
    pub(crate) definitions: Definitions,

    #[command(flatten)]
    pub(crate) columns: Columns,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// The columns of the files. Those that are not given are found by their names and values.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Columns, by name or position (found by their names and values)")]
pub(crate) struct Columns {
    /// The user: any id, or an e-mail address
    #[arg(long, value_name = "COLUMN")]
    pub(crate) user: Option<String>,

    /// The time of the purchase
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,

    /// The amount
    #[arg(long, value_name = "COLUMN")]
    pub(crate) value: Option<String>,

    /// The number of items, if the value is the price of one
    #[arg(long, value_name = "COLUMN")]
    pub(crate) quantity: Option<String>,

    /// The part of the value that is earned, such as a fee [default: the value]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) revenue: Option<String>,

    /// The part of the value that was refunded
    #[arg(long, value_name = "COLUMN")]
    pub(crate) refunded: Option<String>,

    /// The currency
    #[arg(long, value_name = "COLUMN")]
    pub(crate) currency: Option<String>,

    /// The channel by which the user came
    #[arg(long, value_name = "COLUMN")]
    pub(crate) channel: Option<String>,

    /// The country
    #[arg(long, value_name = "COLUMN")]
    pub(crate) country: Option<String>,

    /// A further column by which users are compared, by the value of their first purchase; repeatable
    #[arg(long = "dimension", value_name = "COLUMN")]
    pub(crate) dimensions: Vec<String>,

    /// The id of the order: its rows are one purchase, and refunds refer to it
    #[arg(long, value_name = "COLUMN")]
    pub(crate) id: Option<String>,

    /// The kind of the row: purchase, refund…
    #[arg(long, value_name = "COLUMN")]
    pub(crate) kind: Option<String>,

    /// The status: failed, cancelled and test payments are left out
    #[arg(long, value_name = "COLUMN")]
    pub(crate) status: Option<String>,

    /// The mark of test payments, which are left out
    #[arg(long, value_name = "COLUMN")]
    pub(crate) test: Option<String>,
}

/// The format of the files. What is not given is seen from the values.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Format (seen from the values)")]
pub(crate) struct Format {
    /// The time zone of times without one, and of days, weeks and months: Europe/Madrid [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = parameter("zone"))]
    pub(crate) zone: Option<String>,

    /// The currency of amounts, if no column has it: EUR [default: USD]
    #[arg(long, value_name = "CODE")]
    pub(crate) currency_code: Option<String>,

    /// The delimiter between the cells of CSV: ';'; a blank stands for any run of blanks
    #[arg(long, value_name = "SIGN")]
    pub(crate) delimiter: Option<char>,

    /// The decimal point: ','
    #[arg(long, value_name = "SIGN")]
    pub(crate) decimal: Option<char>,

    /// The format of times: '%d.%m.%Y %H:%M', unix, unix_ms
    #[arg(long, value_name = "FORMAT")]
    pub(crate) time_format: Option<String>,

    /// Read 01/02/2024 as 1 February
    #[arg(long, conflicts_with = "month_first")]
    pub(crate) day_first: bool,

    /// Read 01/02/2024 as 2 January
    #[arg(long)]
    pub(crate) month_first: bool,
}

const AFTER: &str = "\
Examples:
  tidegauge analyze purchases.csv
  tidegauge analyze orders.csv --zone Europe/Berlin --ages 30,90,365 --tables tables
  tidegauge analyze sales.txt --user 1 --time 2 --value 4 --currency-code EUR
  tidegauge analyze --from sqlite://shop.db --query 'SELECT customer_id, paid_at, total FROM orders'";

//! The options of the commands.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use tidegauge::simulation::Shard;

use super::definitions::Definitions;
use super::values::{column_pair, parameter, time};

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Load this source only; repeatable [default: the sources of the settings]
    #[arg(long = "source", value_name = "NAME")]
    pub(crate) sources: Vec<String>,

    /// Load into this sink as well: csv://FOLDER, parquet://FOLDER…; repeatable
    #[arg(long = "backup", value_name = "URL")]
    pub(crate) backups: Vec<String>,

    /// Backfill only: load what is missing since this day or time, oldest first
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<DateTime<Utc>>,

    /// The end of the span, exclusive: a day or a time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "from")]
    pub(crate) to: Option<DateTime<Utc>>,

    /// Backfill only: load exactly the gaps that `tidegauge gaps` lists
    #[arg(long, conflicts_with = "from")]
    pub(crate) fill_gaps: bool,

    /// Remove the rows of this source, as `tidegauge reset` does, and load only this source, from the
    /// beginning; repeatable
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["sources", "from", "fill_gaps"])]
    pub(crate) full_refresh: Vec<String>,

    /// Change nothing: with --full-refresh print the rows that would be removed, with --from or --fill-gaps the cost of
    /// the backfill
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Simulate every day before this one, instead of one more day; not before simulation.start_day
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["from", "fill_gaps"])]
    pub(crate) until: Option<NaiveDate>,

    /// The random seed of the simulated exchange
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Simulate one shard of the users: 3/16 is the third of sixteen
    #[arg(long, value_name = "PART/OF")]
    pub(crate) shard: Option<Shard>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The file, or a glob pattern of files with the same columns: 'exports/orders-*.csv'
    pub(crate) file: String,

    /// The built-in table to load into [default: the table that its columns fit, or a new one]
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<String>,

    /// The name of the source [default: the name of the file]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Map a column of the built-in table to a column of the file: 'user_id=Customer No'; repeatable
    #[arg(long = "column", value_name = "COLUMN=NAME", value_parser = column_pair)]
    pub(crate) columns: Vec<(String, String)>,

    /// The time zone of times without one: Europe/Madrid, +02:00 [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,

    /// The currency of amounts if no column has it: EUR
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,

    /// Read 01/02/2024 as 1 February
    #[arg(long, conflicts_with = "month_first")]
    pub(crate) day_first: bool,

    /// Read 01/02/2024 as 2 January
    #[arg(long)]
    pub(crate) month_first: bool,

    /// Print the settings without writing them
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reset {
    /// The sources, as `tidegauge sources` lists them; `market` for the derived market tables
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,

    /// Print what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Reset this sink as well: csv://FOLDER, parquet://FOLDER…; repeatable
    #[arg(long = "backup", value_name = "URL")]
    pub(crate) backups: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reload {
    /// The sources: files, databases, and services that can return any span
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,

    /// The start of the span: a day or a time; the oldest rows are loaded first
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: DateTime<Utc>,

    /// The end of the span, exclusive: a day or a time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<DateTime<Utc>>,

    /// Print the cost, and load nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Load into this sink as well: csv://FOLDER, parquet://FOLDER…; repeatable
    #[arg(long = "backup", value_name = "URL")]
    pub(crate) backups: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gaps {
    /// Check this source only; repeatable [default: the sources of the settings]
    #[arg(long = "source", value_name = "NAME")]
    pub(crate) sources: Vec<String>,

    /// The start of the span: a day or a time [default: the configured start of each source]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<DateTime<Utc>>,

    /// The end of the span, exclusive: a day or a time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "from")]
    pub(crate) to: Option<DateTime<Utc>>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// The file to write; `--output FILE` does the same [default: report.html]
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Write the data of all panels as JSON as well; `-` prints it to standard output instead of the answer
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) definitions: Definitions,

    /// The time zone of days, weeks and months: Europe/Madrid
    #[arg(long, value_parser = parameter("zone"), help_heading = "Definitions of the metrics")]
    pub(crate) zone: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// List every known source and table, not only those that are configured or have rows
    #[arg(long)]
    pub(crate) all: bool,

    /// Show the cursor of each source, from which it resumes
    #[arg(long)]
    pub(crate) cursors: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Tables {
    /// Describe this table only
    pub(crate) name: Option<String>,

    /// Print Markdown, as in docs/tables.md
    #[arg(long)]
    pub(crate) markdown: bool,
}

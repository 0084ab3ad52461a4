//! The commands.

mod analyze;
mod check;
mod gaps;
mod import;
mod init;
mod instruments;
mod man;
mod repair;
mod report;
mod reset;
mod run;
mod sources;
mod status;
mod tables;
mod verify;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::CommandFactory;
use tidegauge::core::SystemClock;
use tidegauge::{Config, Result, Secrets, Tidegauge};

use crate::args::{Args, Command};
use crate::failure::Failure;
use crate::output;
use crate::shutdown::Shutdown;

pub(crate) async fn run(args: Args, shutdown: &Shutdown) -> Result<ExitCode, Failure> {
    let load = || Config::load(args.config.as_deref());
    let mut config = match &args.command {
        // These need no settings, or read them later, and must work with invalid ones.
        Command::Init { .. }
        | Command::Analyze(_)
        | Command::Import(_)
        | Command::Tables(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Sources { markdown: true } => Config::default(),
        _ => load()?,
    };
    if let Some(warehouse) = args.warehouse {
        config.warehouse = warehouse.into();
    }
    match args.command {
        Command::Init { demo } => init::init(args.config.as_deref(), demo)?,
        Command::Analyze(words) => analyze::analyze(*words).await?,
        Command::Import(words) => import::import(args.config.as_deref(), words).await?,
        Command::Tables(args) => tables::tables(load, &args)?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "tidegauge", &mut script);
            output::print_page(&String::from_utf8_lossy(&script));
        }
        Command::Man { folder } => man::man(&folder)?,
        Command::Run(args) => return run::run(config, args, shutdown).await,
        Command::Sources { markdown: true } => {
            output::print_page(tidegauge::sources_page().trim_end())
        }
        Command::Sources { markdown: false } => sources::sources(&open(config)?).await?,
        Command::Check { sources } => return Ok(check::check(&open(config)?, &sources).await?),
        Command::Gaps(args) => return Ok(gaps::gaps(config, args).await?),
        Command::Instruments { find } => instruments::instruments(&open(config)?, find).await?,
        Command::Reload(args) => return run::reload(config, args, shutdown).await,
        Command::Reset(args) => reset::reset(config, args).await?,
        Command::Verify => return Ok(verify::verify(&open(config)?).await?),
        Command::Report(args) => report::report(config, *args).await?,
        Command::Repair => repair::repair(&open(config)?).await?,
        Command::Status(args) => status::status(&open(config)?, &args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn open(mut config: Config) -> Result<Tidegauge> {
    if config.state.is_none() {
        config.state = state_folder();
    }
    let secrets = Secrets::from_env(&config)?;
    crate::log::set_secrets(&secrets);
    Tidegauge::open(config, secrets, Arc::new(SystemClock))
}

/// Returns the folder of persistent state of the program (XDG Base Directory Specification).
fn state_folder() -> Option<PathBuf> {
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    Some(state?.join("tidegauge"))
}

//! What each command does.

mod init;
mod report;
mod run;
mod status;
mod tables;
mod verify;

use std::process::ExitCode;
use std::sync::Arc;

use clap::CommandFactory;
use tidegauge::core::SystemClock;
use tidegauge::{Config, Result, Secrets, Tidegauge};

use crate::args::{Args, Command};

pub(crate) async fn run(args: Args) -> Result<ExitCode> {
    let mut config = match &args.command {
        // These need no settings, and must work where those are broken.
        Command::Init | Command::Tables(_) | Command::Completions { .. } => Config::default(),
        _ => Config::load(args.config.as_deref())?,
    };
    if let Some(warehouse) = args.warehouse {
        config.warehouse = warehouse;
    }
    match args.command {
        Command::Init => init::init(args.config.as_deref())?,
        Command::Tables(args) => tables::tables(&args)?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "tidegauge", &mut script);
            crate::out::line(&String::from_utf8_lossy(&script));
        }
        Command::Run(args) => run::run(config, args).await?,
        Command::Verify => return verify::verify(&open(config)?).await,
        Command::Report(args) => report::report(config, args).await?,
        Command::Status => status::status(&open(config)?).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn open(config: Config) -> Result<Tidegauge> {
    Tidegauge::open(config, Secrets::from_env(), Arc::new(SystemClock))
}

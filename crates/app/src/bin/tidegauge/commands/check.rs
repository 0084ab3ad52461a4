//! `tidegauge check`

use std::process::ExitCode;

use tidegauge::{Result, Tidegauge};

use crate::output;

/// Says of each source in one line whether it answers; exit code 1 if one does not.
pub(crate) async fn check(house: &Tidegauge, names: &[String]) -> Result<ExitCode> {
    let visits = house.visit(names).await?;
    let width = visits.iter().map(|visit| visit.source.len()).max().unwrap_or_default();
    let mut code = ExitCode::SUCCESS;
    for visit in visits {
        let (mark, told) = match &visit.outcome {
            Ok(told) => ("ok     ", told.clone()),
            Err(error) => {
                code = ExitCode::FAILURE;
                ("BROKEN ", tidegauge::without_userinfo(&error.to_string()))
            }
        };
        output::line(&format!("{mark}{:<width$}  {told}", visit.source));
    }
    Ok(code)
}

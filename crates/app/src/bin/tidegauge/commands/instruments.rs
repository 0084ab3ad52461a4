//! `tidegauge instruments`

use comfy_table::{Table, presets};
use tidegauge::{Result, Tidegauge};

use crate::output;

/// Lists the instruments, or those of the services whose names hold `find`.
pub(crate) async fn instruments(house: &Tidegauge, find: Option<String>) -> Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(find) = find {
        table.set_header(["service", "its name", "symbol", "called"]);
        for found in house.find_instruments(&find).await? {
            table.add_row([found.service, &found.id, &found.symbol, &found.name]);
        }
        output::line(&format!("{table}\n"));
        output::line("name those you want under [[instruments]] in tidegauge.toml");
        return Ok(());
    }
    let services = house.services();
    table.set_header(["symbol", "name", "kind"].iter().chain(&services));
    for instrument in house.instruments() {
        let kind = format!("{:?}", instrument.kind).to_lowercase();
        let own = [instrument.symbol.to_string(), instrument.name.to_string(), kind];
        let alias = |service: &&str| instrument.alias(service).unwrap_or("–").to_owned();
        table.add_row(own.into_iter().chain(services.iter().map(alias)));
    }
    output::line(&table.to_string());
    Ok(())
}

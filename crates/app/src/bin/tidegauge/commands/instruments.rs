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
    table.set_header(["symbol", "name", "kind", "coingecko", "twelvedata", "kraken"]);
    for it in house.instruments() {
        let or_none = |name: &Option<std::borrow::Cow<'static, str>>| {
            name.as_deref().unwrap_or("–").to_owned()
        };
        table.add_row([
            it.symbol.to_string(),
            it.name.to_string(),
            format!("{:?}", it.kind).to_lowercase(),
            or_none(&it.coingecko),
            or_none(&it.twelvedata),
            or_none(&it.kraken),
        ]);
    }
    output::line(&table.to_string());
    Ok(())
}

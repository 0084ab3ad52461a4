//! The words and the unit of a report: traders and volume in US dollars, or customers and purchases
//! in the currency of a shop.

use serde::{Deserialize, Serialize};

use crate::{Chart, Computation, Currency, Format, Panel, Tile};

/// The kind of business that the facts are of, which decides the words of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Business {
    /// An exchange: users trade, and are high-volume traders.
    #[default]
    Exchange,
    /// A shop or a service: customers buy, and are high-value customers. The first purchase is the
    /// signup.
    Shop,
}

/// The phrases of an exchange, each with that of a shop; longer ones come before their parts.
const PHRASES: [(&str, &str); 50] = [
    ("How the exchange is doing", "How the shop is doing"),
    ("whose trades and completed on-ramp purchases", "whose purchases"),
    (
        "Trading fees, the fees of completed on-ramp purchases and withdrawal fees of all users",
        "The revenue of all customers",
    ),
    (
        "a purchase that was charged back is taken back, with the payment that was lost",
        "a purchase that was refunded is taken back",
    ),
    (
        "a purchase that was charged back counts in its own period, with the payment that was lost",
        "a refund counts in the period of its purchase",
    ),
    (
        "A purchase that was charged back lowers the net revenue of its own period",
        "A refund lowers the net revenue of the period of its purchase",
    ),
    ("The users who have signed up, active or not", "The customers who have bought"),
    (
        "those whose first deposit or on-ramp purchase it was, and those with a transaction",
        "and all who bought",
    ),
    (
        "with a transaction in the period: any event but a deposit or a withdrawal",
        "with a purchase in the period",
    ),
    ("transactions: any event but a deposit or a withdrawal", "purchases"),
    ("transaction is a purchase", "payment is a purchase"),
    ("with a transaction", "with a purchase"),
    ("The volume of all transactions", "The amount of all purchases"),
    ("Transacting users", "Customers who bought"),
    ("transacting users", "customers who bought"),
    ("volume, net of reversals, reaches", "purchases, net of refunds, reach"),
    ("orders and purchases", "purchases"),
    ("of events", "of payments"),
    ("fees of all events", "revenue of all purchases"),
    ("fees of a user", "revenue of a customer"),
    ("later than the exchange", "later than the shop"),
    ("reversals", "refunds"),
    ("Signups", "New customers"),
    ("Users who became high-volume traders", "Customers who became high-value customers"),
    ("High-volume traders", "High-value customers"),
    ("high-volume traders", "high-value customers"),
    ("High-volume trader", "High-value customer"),
    ("high-volume trader", "high-value customer"),
    ("A user whose trades and completed ramp purchases", "A customer whose purchases"),
    ("High-volume", "High-value"),
    ("high-volume", "high-value"),
    ("High volume", "High value"),
    ("high volume", "high value"),
    ("ever traded or bought", "ever bought"),
    ("Traded or bought", "Bought"),
    ("traded or bought", "bought"),
    ("did neither", "did not"),
    ("trade or purchase", "purchase"),
    ("of volume", "of purchases"),
    ("of all volume", "of all purchases"),
    ("Volume by", "Purchases by"),
    ("Volume", "Purchases"),
    ("volume", "purchases"),
    ("signed up", "bought first"),
    ("since signup", "since the first purchase"),
    ("of signup", "of first purchase"),
    ("after signup", "after the first purchase"),
    ("signup", "first purchase"),
    ("User", "Customer"),
    ("user", "customer"),
];

/// The unit in which headings and captions state amounts.
const DOLLARS: &str = "US dollars";

/// The words and the unit of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Vocabulary {
    pub(crate) currency: Currency,
    pub(crate) business: Business,
}

impl Vocabulary {
    /// Returns the format of amounts.
    pub(crate) fn money(self) -> Format {
        Format::of(self.currency)
    }

    /// Returns `true` if users trade.
    pub(crate) fn has_trades(self) -> bool {
        self.business == Business::Exchange
    }

    /// Writes the phrase of an exchange in the words of this business. The phrase is text of the
    /// program: names from the data are inserted afterwards.
    pub(crate) fn say(self, phrase: &str) -> String {
        let phrase = match self.currency {
            Currency::USD => phrase.to_owned(),
            currency => phrase.replace(DOLLARS, currency.name()).replace("dollar", currency.name()),
        };
        match self.business {
            Business::Exchange => phrase,
            Business::Shop => PHRASES
                .iter()
                .fold(phrase, |phrase, (exchange, shop)| phrase.replace(exchange, shop)),
        }
    }

    /// Returns key figures in these words.
    pub(crate) fn of_tiles(self, tiles: Vec<Tile>) -> Vec<Tile> {
        let said = |tile: Tile| Tile {
            name: self.say(&tile.name),
            note: self.say(&tile.note),
            computation: self.of_computation(tile.computation),
            ..tile
        };
        tiles.into_iter().map(said).collect()
    }

    /// Returns a panel in these words: its headings and captions, and the format, the unit and the
    /// names of its columns of amounts. Cells are left as they are.
    pub(crate) fn of_panel(self, mut panel: Panel) -> Panel {
        if self == Self::default() {
            return panel;
        }
        panel.title = self.say(&panel.title);
        panel.unit = self.say(&panel.unit);
        panel.computation = panel.computation.map(|computation| self.of_computation(computation));
        for column in panel.table.columns_mut() {
            column.title = self.say(&column.title);
            if column.format == Format::Dollars {
                column.format = self.money();
            }
            column.name = self.column(&column.name);
        }
        if let Some(chart) = &mut panel.chart {
            match chart {
                Chart::Bars(chart) => {
                    chart.title = self.say(&chart.title);
                    chart.labels = self.column(&chart.labels);
                    chart.values = self.column(&chart.values);
                }
                Chart::Lines(chart) => {
                    chart.title = self.say(&chart.title);
                    chart.labels = self.column(&chart.labels);
                    for point in &mut chart.points {
                        point.column = self.column(&point.column);
                    }
                }
                Chart::Series(chart) => {
                    chart.title = self.say(&chart.title);
                    chart.labels = self.column(&chart.labels);
                    for value in &mut chart.values {
                        *value = self.column(value);
                    }
                }
                Chart::HeatMap(chart) => {
                    chart.title = self.say(&chart.title);
                    chart.labels = self.column(&chart.labels);
                    chart.users = self.column(&chart.users);
                    for cell in &mut chart.cells {
                        *cell = self.column(cell);
                    }
                }
            }
        }
        panel
    }

    fn of_computation(self, mut computation: Computation) -> Computation {
        computation.definition = self.say(&computation.definition);
        for setting in &mut computation.settings {
            setting.name = self.say(&setting.name);
            setting.value = self.say(&setting.value);
        }
        computation
    }

    /// Returns the name of a column, with the currency of its amounts: `cac_eur`.
    fn column(self, name: &str) -> String {
        match name.strip_suffix("_usd") {
            Some(what) if self.currency != Currency::USD => {
                format!("{what}_{}", self.currency.code().to_lowercase())
            }
            _ => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_has_customers_and_its_own_currency() {
        let shop = Vocabulary { currency: "EUR".parse().unwrap(), business: Business::Shop };
        for (exchange, expected) in [
            (
                "Users who became high-volume traders, by country",
                "Customers who became high-value customers, by country",
            ),
            ("Volume by month of signup", "Purchases by month of first purchase"),
            ("US dollars per user", "EUR per customer"),
            (
                "Revenue per user by days since signup, US dollars",
                "Revenue per customer by days since the first purchase, EUR",
            ),
        ] {
            assert_eq!(shop.say(exchange), expected);
            assert_eq!(Vocabulary::default().say(exchange), exchange);
        }
        assert_eq!(shop.column("cac_usd"), "cac_eur");
        assert_eq!(Vocabulary::default().column("cac_usd"), "cac_usd");
    }
}

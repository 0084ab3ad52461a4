//! Populations of users with a known mean amount.

use crate::coverage_draw::Draw;

/// A population of users.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Population {
    /// A share of the users pays exp(σ Z).
    LogNormal { share: f64, sigma: f64 },
    /// Users of a simulated exchange and their volume up to an age that is uniform in 0–365 days.
    Exchange(&'static Channel),
    /// 40 % pay a Pareto amount of minimum 1.
    Pareto { alpha: f64 },
    /// All pay a Weibull amount of unit scale.
    Weibull { shape: f64 },
    /// All pay a gamma amount of unit scale.
    Gamma { shape: f64 },
    /// 40 % pay exp(Z), and 3 % of these e⁵ as much.
    Whales,
    /// Repeat spend of the 2,357 customers of CDNOW's public sample, drawn with replacement.
    Cdnow,
    /// The same without the one customer who has 61 % of the sum of squares.
    CdnowWithoutLargest,
    /// The log-normal population with σ = 1.5, of which 8 % of the payers take back half of what
    /// they paid, and 2 % cost as much as they paid.
    Refunds,
}

/// A channel of the simulated exchange: BG/NBD and gamma–gamma parameters as in
/// `crates/simulation/src/exchange/marketing/channels.rs`, and the share of signups that start.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: &'static str,
    pub(crate) start: f64,
    pub(crate) r: f64,
    pub(crate) alpha: f64,
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) gamma: f64,
    pub(crate) q: f64,
}

/// The shape of a user's orders.
const P: f64 = 1.8;

pub(crate) const PAID_SEARCH: Channel = Channel {
    name: "paid_search",
    start: 0.4,
    r: 0.70,
    alpha: 8.0,
    a: 0.85,
    b: 2.7,
    gamma: 1_500.0,
    q: 2.4,
};

pub(crate) const PAID_SOCIAL: Channel = Channel {
    name: "paid_social",
    start: 0.2,
    r: 0.45,
    alpha: 12.0,
    a: 1.10,
    b: 2.0,
    gamma: 660.0,
    q: 2.4,
};

pub(crate) const AFFILIATE: Channel = Channel {
    name: "affiliate",
    start: 0.4,
    r: 0.85,
    alpha: 7.0,
    a: 0.95,
    b: 2.6,
    gamma: 2_400.0,
    q: 2.4,
};

/// Paid search with a tail whose variance does not exist.
pub(crate) const NO_VARIANCE: Channel =
    Channel { name: "paid_search, q 1.6", q: 1.6, ..PAID_SEARCH };

/// The parameters of one user.
pub(crate) struct User {
    rate: f64,
    dropout: f64,
    inverse_scale: f64,
}

impl Channel {
    /// Draws a user, or `None` if they do not start.
    pub(crate) fn user(&self, draw: &mut Draw) -> Option<User> {
        draw.happens(self.start).then(|| User {
            rate: draw.gamma(self.r) / self.alpha,
            dropout: draw.beta(self.a, self.b),
            inverse_scale: draw.gamma(self.q) / self.gamma,
        })
    }

    /// Returns the mean amount of an order, p γ / (q − 1).
    pub(crate) fn mean_order(&self) -> f64 {
        P * self.gamma / (self.q - 1.0)
    }

    /// Returns the expected number of repeat orders by age t, E[(1 − (1 + p t/α)^−r) / p], or its
    /// mean over ages uniform in 0–t; p ~ Beta(a, b), by the trapezoidal rule in the logit of p.
    pub(crate) fn repeats(&self, age: f64, averaged: bool) -> f64 {
        let ln_beta = libm::lgamma(self.a) + libm::lgamma(self.b) - libm::lgamma(self.a + self.b);
        let (mut sum, step) = (0.0, 0.01);
        for at in -4_000..=4_000 {
            let u = f64::from(at) * step;
            let (ln_p, ln_rest) = (-(-u).exp().ln_1p(), -u.exp().ln_1p());
            let p = ln_p.exp();
            let weight = (self.a * ln_p + self.b * ln_rest - ln_beta).exp() * step;
            let x = p * age / self.alpha;
            // 1 − (1 + x)^−r, or its mean over 0–x; by its first term where it would cancel.
            let stopped = match (averaged, x < 1e-6) {
                (true, true) => self.r * x / 2.0,
                (true, false) => 1.0 - ((1.0 + x).powf(1.0 - self.r) - 1.0) / (x * (1.0 - self.r)),
                (false, _) => -(-self.r * x.ln_1p()).exp_m1(),
            };
            sum += weight * stopped / p;
        }
        sum
    }
}

impl User {
    /// Returns the days of a user's orders up to an age; the first is on day 0.
    pub(crate) fn orders(&self, age: f64, draw: &mut Draw) -> Vec<f64> {
        let mut days = vec![0.0];
        let mut day = draw.exponential() / self.rate;
        while day < age {
            days.push(day);
            if draw.happens(self.dropout) {
                break;
            }
            day += draw.exponential() / self.rate;
        }
        days
    }

    /// Returns the amount of a number of orders.
    pub(crate) fn amount(&self, orders: usize, draw: &mut Draw) -> f64 {
        draw.gamma(P * orders as f64) / self.inverse_scale
    }
}

impl Population {
    /// Returns the name.
    pub(crate) fn name(self) -> String {
        match self {
            Self::LogNormal { share, sigma } => {
                format!("log-normal, {:.0} % pay, σ {sigma}", share * 100.0)
            }
            Self::Exchange(channel) => format!("exchange, {}", channel.name),
            Self::Pareto { alpha } => format!("Pareto {alpha}, 40 % pay"),
            Self::Weibull { shape } => format!("Weibull {shape}"),
            Self::Gamma { shape } => format!("gamma {shape}"),
            Self::Whales => "retail, 3 % whales e⁵ larger".to_owned(),
            Self::Cdnow => "CDNOW, repeat spend".to_owned(),
            Self::CdnowWithoutLargest => "CDNOW without its largest customer".to_owned(),
            Self::Refunds => "log-normal, 60 % pay, σ 1.5, with refunds".to_owned(),
        }
    }

    /// Returns the true mean per user.
    pub(crate) fn mean(self) -> f64 {
        match self {
            Self::LogNormal { share, sigma } => share * (sigma * sigma / 2.0).exp(),
            Self::Exchange(channel) => {
                channel.start * (1.0 + channel.repeats(365.0, true)) * channel.mean_order()
            }
            Self::Pareto { alpha } => 0.4 * alpha / (alpha - 1.0),
            Self::Weibull { shape } => libm::tgamma(1.0 + 1.0 / shape),
            Self::Gamma { shape } => shape,
            Self::Whales => 0.4 * 0.5_f64.exp() * (0.97 + 0.03 * 5.0_f64.exp()),
            Self::Cdnow | Self::CdnowWithoutLargest => {
                let spend = self.listed();
                spend.iter().sum::<f64>() / spend.len() as f64
            }
            Self::Refunds => 0.6 * 1.125_f64.exp() * (0.9 + 0.08 * 0.5 - 0.02),
        }
    }

    /// Draws the amounts of `n` users.
    pub(crate) fn draw(self, n: usize, draw: &mut Draw) -> Vec<f64> {
        let spend = self.listed();
        (0..n).map(|_| self.amount(&spend, draw)).collect()
    }

    /// Returns the amounts of a population that is a list.
    fn listed(self) -> Vec<f64> {
        let mut spend = match self {
            Self::Cdnow | Self::CdnowWithoutLargest => cdnow(),
            _ => return Vec::new(),
        };
        if matches!(self, Self::CdnowWithoutLargest) {
            spend.sort_by(f64::total_cmp);
            spend.pop();
        }
        spend
    }

    /// Draws the amount of a user.
    fn amount(self, spend: &[f64], draw: &mut Draw) -> f64 {
        let if_pays =
            |share: f64, amount: fn(&mut Draw, f64) -> f64, shape: f64, draw: &mut Draw| {
                if draw.happens(share) { amount(draw, shape) } else { 0.0 }
            };
        match self {
            Self::LogNormal { share, sigma } => {
                if_pays(share, |draw, sigma| (sigma * draw.normal()).exp(), sigma, draw)
            }
            Self::Exchange(channel) => channel.user(draw).map_or(0.0, |user| {
                let age = 365.0 * draw.unit();
                let orders = user.orders(age, draw).len();
                user.amount(orders, draw)
            }),
            Self::Pareto { alpha } => {
                if_pays(0.4, |draw, alpha| draw.unit().powf(-1.0 / alpha), alpha, draw)
            }
            Self::Weibull { shape } => draw.exponential().powf(1.0 / shape),
            Self::Gamma { shape } => draw.gamma(shape),
            Self::Whales => {
                let whale = if draw.happens(0.03) { 5.0 } else { 0.0 };
                if_pays(0.4, |draw, whale| (whale + draw.normal()).exp(), whale, draw)
            }
            Self::Cdnow | Self::CdnowWithoutLargest => spend[draw.below(spend.len())],
            Self::Refunds => {
                let paid = if_pays(0.6, |draw, sigma| (sigma * draw.normal()).exp(), 1.5, draw);
                let event = draw.unit();
                paid * if event < 0.02 {
                    -1.0
                } else if event < 0.1 {
                    0.5
                } else {
                    1.0
                }
            }
        }
    }
}

/// Returns the repeat spend of each customer of the public sample, zeros included.
fn cdnow() -> Vec<f64> {
    let customers = include_str!("../../../simulation/tests/it/recovery/cdnow.csv").lines();
    let spend = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        cells[1] * cells[4]
    };
    customers.skip(1).map(spend).collect()
}

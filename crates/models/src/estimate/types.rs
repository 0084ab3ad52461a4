//! An estimate, its interval, and what limits them.

use serde::Serialize;

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The estimate; `None` if the data do not determine it, such as a share of nothing.
    pub value: Option<f64>,
    /// Its interval; `None` if the data are too few for one.
    pub interval: Option<Interval>,
    /// The number of observations behind it: users, unless stated otherwise.
    pub n: u64,
    /// The limits of the interval.
    pub flags: Flags,
}

impl Estimate {
    /// Creates an estimate from `n` observations; a value that is not finite is no value, and has
    /// no interval.
    ///
    /// ```
    /// use tidegauge_models::Estimate;
    ///
    /// assert_eq!(Estimate::new(0.5, None, 20).value, Some(0.5));
    /// assert_eq!(Estimate::new(f64::NAN, None, 20).value, None);
    /// ```
    #[must_use]
    pub fn new(value: f64, interval: Option<Interval>, n: u64) -> Self {
        if !value.is_finite() {
            return Self::undetermined(n);
        }
        Self { value: Some(value), interval, n, flags: Flags::default() }
    }

    /// Creates an estimate that `n` observations do not determine: neither value nor interval.
    ///
    /// ```
    /// use tidegauge_models::Estimate;
    ///
    /// let unknown = Estimate::undetermined(3);
    /// assert_eq!((unknown.value, unknown.n), (None, 3));
    /// ```
    #[must_use]
    pub fn undetermined(n: u64) -> Self {
        Self { value: None, interval: None, n, flags: Flags::default() }
    }

    /// Sets the flag of an interval that rests on fewer than 20 paying users.
    ///
    /// ```
    /// use tidegauge_models::Estimate;
    ///
    /// assert!(Estimate::new(0.5, None, 3).with_few(true).flags.few);
    /// ```
    #[must_use]
    pub fn with_few(mut self, few: bool) -> Self {
        self.flags.few = few;
        self
    }

    /// Sets the flag of a tail so heavy that the value is a lower bound at best.
    ///
    /// ```
    /// use tidegauge_models::Estimate;
    ///
    /// assert!(Estimate::new(0.5, None, 3).with_heavy(true).flags.heavy);
    /// ```
    #[must_use]
    pub fn with_heavy(mut self, heavy: bool) -> Self {
        self.flags.heavy = heavy;
        self
    }

    /// Returns the estimate in another unit: value and bounds times `factor`, such as a margin, or
    /// a number of users over a known spend. A negative factor exchanges the bounds.
    ///
    /// ```
    /// use tidegauge_models::estimate::wilson;
    ///
    /// let percent = wilson(20, 50, 0.9).scaled(100.0);
    /// assert_eq!(percent.value, Some(40.0));
    /// ```
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        let Some(value) = self.value else { return self };
        let scaled = |interval: Interval| {
            let (one, other) = (interval.low * factor, interval.high * factor);
            Interval::new(one.min(other), one.max(other), interval.level, interval.method)
        };
        Self {
            flags: self.flags,
            ..Self::new(value * factor, self.interval.and_then(scaled), self.n)
        }
    }

    /// Returns value and bounds, or `None` if there is no interval.
    pub(crate) fn bounds(&self) -> Option<(f64, f64, f64)> {
        let (value, interval) = (self.value?, self.interval?);
        Some((value, interval.low, interval.high))
    }
}

/// A confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// The nominal level, such as 0.9: the share of samples whose interval holds the true value.
    pub level: f64,
    /// The method of the interval.
    pub method: Method,
}

impl Interval {
    /// Creates an interval, or `None` if a bound is not finite, the bounds are in the wrong order,
    /// or the level is not between 0 and 1.
    ///
    /// ```
    /// use tidegauge_models::{Interval, Method};
    ///
    /// assert!(Interval::new(0.2, 0.5, 0.9, Method::Normal).is_some());
    /// assert!(Interval::new(0.5, 0.2, 0.9, Method::Normal).is_none()); // in the wrong order
    /// ```
    #[must_use]
    pub fn new(low: f64, high: f64, level: f64, method: Method) -> Option<Self> {
        let sound = low.is_finite() && high.is_finite() && low <= high;
        (sound && level > 0.0 && level < 1.0).then_some(Self { low, high, level, method })
    }

    /// Returns `true` if a number is within the bounds, which belong to the interval.
    ///
    /// ```
    /// use tidegauge_models::{Interval, Method};
    ///
    /// let interval = Interval::new(0.2, 0.5, 0.9, Method::Normal).ok_or("no interval")?;
    /// assert!(interval.contains(0.2) && !interval.contains(0.6));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        self.low <= number && number <= self.high
    }
}

/// The method of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// The score interval of a share (Wilson 1927).
    Wilson,
    /// The square-and-add interval of a difference of shares (Newcombe 1998, method 10).
    Newcombe,
    /// The hybrid bootstrap-t interval of a mean, on the scale of its logarithm if no amount is
    /// negative.
    HybridT,
    /// The bootstrap-t interval on the scale of the logarithm.
    BootstrapT,
    /// The square-and-add interval of two independent estimates (Zou and Donner 2008).
    SquareAndAdd,
    /// The normal interval on the scale of the logarithm, from a standard error (delta method).
    LogNormal,
    /// The normal interval on the scale of the log-odds, from a standard error (delta method).
    LogitNormal,
    /// The normal interval from a standard error (delta method).
    Normal,
    /// The normal interval of a probability p on the scale ln(−ln p), from Greenwood's variance
    /// (Kalbfleisch and Prentice 1980).
    LogLog,
    /// The interval of an area under the ROC curve, or of a difference of two, from the variance
    /// of DeLong, DeLong and Clarke-Pearson (1988).
    DeLong,
    /// The interval of a statistic of serially dependent values, from its standard error by the
    /// circular block bootstrap (Politis and Romano 1992).
    BlockBootstrap,
}

/// The limits of an interval: conditions under which it is known to hold less than its level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Flags {
    /// Fewer than 20 users paid.
    pub few: bool,
    /// The tail of the amounts is so heavy that their variance may not exist; the value is at
    /// least this.
    pub heavy: bool,
}

impl Flags {
    /// Returns the flags that either of two estimates has.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { few: self.few || other.few, heavy: self.heavy || other.heavy }
    }
}

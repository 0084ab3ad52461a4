//! One right-censored duration.

/// The duration of one life, or of several identical ones, ended by an event or right-censored.
///
/// ```
/// use tidegauge_models::survival::Life;
///
/// let churned = Life::ended(12.0);
/// let still_active = Life::censored(30.0);
/// let closed_for_fraud = Life::ended_by(7.0, 1); // a second, competing cause
/// let known_since_day_5 = Life::censored(30.0).entered_at(5.0);
/// assert_eq!(churned.cause, Some(0));
/// assert_eq!(still_active.cause, None);
/// # let _ = (closed_for_fraud, known_since_day_5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Life {
    /// The time from which the life is under observation, if later than its start (left
    /// truncation): the life is at risk at the times after `entry` up to `duration`.
    pub entry: Option<f64>,
    /// The time from the start of the life to its event or to the end of observation.
    pub duration: f64,
    /// The cause of the event, numbered from 0; `None` if the life is censored.
    pub cause: Option<u8>,
    /// The number of identical lives (frequency weight).
    pub count: u64,
}

impl Life {
    /// Creates a life that ended by an event, of cause 0.
    ///
    /// ```
    /// use tidegauge_models::survival::Life;
    ///
    /// assert_eq!((Life::ended(12.0).duration, Life::ended(12.0).cause), (12.0, Some(0)));
    /// ```
    #[must_use]
    pub fn ended(duration: f64) -> Self {
        Self::ended_by(duration, 0)
    }

    /// Creates a life that ended by an event of one of several competing causes.
    ///
    /// ```
    /// use tidegauge_models::survival::Life;
    ///
    /// assert_eq!(Life::ended_by(7.0, 1).cause, Some(1));
    /// ```
    #[must_use]
    pub fn ended_by(duration: f64, cause: u8) -> Self {
        Self { entry: None, duration, cause: Some(cause), count: 1 }
    }

    /// Creates a life whose event had not happened when observation ended.
    ///
    /// ```
    /// use tidegauge_models::survival::Life;
    ///
    /// assert_eq!(Life::censored(30.0).cause, None);
    /// ```
    #[must_use]
    pub fn censored(duration: f64) -> Self {
        Self { entry: None, duration, cause: None, count: 1 }
    }

    /// Returns the life under observation only after the time `entry` (left truncation).
    ///
    /// ```
    /// use tidegauge_models::survival::Life;
    ///
    /// assert_eq!(Life::censored(30.0).entered_at(5.0).entry, Some(5.0));
    /// ```
    #[must_use]
    pub fn entered_at(self, entry: f64) -> Self {
        Self { entry: Some(entry), ..self }
    }

    /// Returns the life `count` times.
    ///
    /// ```
    /// use tidegauge_models::survival::Life;
    ///
    /// assert_eq!(Life::ended(12.0).repeated(400).count, 400);
    /// ```
    #[must_use]
    pub fn repeated(self, count: u64) -> Self {
        Self { count, ..self }
    }
}

//! Survival curves of right-censored durations.

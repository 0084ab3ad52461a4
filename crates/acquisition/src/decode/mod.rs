//! The parts that the decoders of several providers share: JSON, numbers and times, candles, exchange rates.

pub(crate) mod candles;
pub(crate) mod dedup;
pub(crate) mod interval;
pub(crate) mod json;
pub(crate) mod json_object;
pub(crate) mod parse;
pub(crate) mod rates;

//! What the decoders of several providers share: numbers and times out of the text of a reply, candles, rates.

pub(crate) mod candles;
pub(crate) mod interval;
pub(crate) mod json;
pub(crate) mod parse;
pub(crate) mod rates;
pub(crate) mod repeats;

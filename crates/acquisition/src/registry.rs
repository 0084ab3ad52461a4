//! The registry: the list of all sources that a configuration may name.

use crate::{Provider, SourceSpec};

/// An operation on every provider of the registry, whatever the type of its settings.
pub trait Visitor {
    /// Visits one provider.
    fn visit<P: Provider>(&mut self);
}

/// Declares the registry; each line has the module, the provider, and the feature that enables it.
macro_rules! sources {
    ($($module:ident :: $provider:ident = $feature:tt;)*) => {
        /// The sources whose features are enabled, in the order in which they are declared.
        pub static SOURCES: &[SourceSpec] = &[
            $(#[cfg(feature = $feature)] <crate::providers::$module::$provider as Provider>::SPEC,)*
        ];

        /// Passes every provider whose feature is enabled to `visitor`, in the order of [`SOURCES`].
        pub fn visit<V: Visitor>(visitor: &mut V) {
            let _ = &visitor;
            $(#[cfg(feature = $feature)] visitor.visit::<crate::providers::$module::$provider>();)*
        }

        /// The examples of the sources' pages, which compile and, where they need no network, run.
        #[cfg(doctest)]
        mod pages {
            $(
                #[cfg(feature = $feature)]
                #[doc = include_str!(
                    concat!("../../../docs/sources/", stringify!($module), ".md")
                )]
                mod $module {}
            )*
        }
    };
}

sources! {
    recorded::Recorded = "recorded";
    synthetic_market::SyntheticMarket = "synthetic-market";
    coingecko::CoinGecko = "coingecko";
    kraken::Kraken = "kraken";
    twelvedata::TwelveData = "twelvedata";
    ecb::Ecb = "ecb";
    frankfurter::Frankfurter = "frankfurter";
    open_er_api::OpenErApi = "open-er-api";
    exchangerate_api::ExchangeRateApi = "exchangerate-api";
    x::X = "x";
    kraken_stream::KrakenStream = "kraken-stream";
    twelvedata_stream::TwelveDataStream = "twelvedata-stream";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Names(Vec<&'static str>);

    impl Visitor for Names {
        fn visit<P: Provider>(&mut self) {
            self.0.push(P::SPEC.name);
        }
    }

    #[test]
    fn a_visitor_visits_each_listed_source_once() {
        let mut names = Names::default();
        visit(&mut names);
        let listed: Vec<_> = SOURCES.iter().map(|spec| spec.name).collect();
        assert_eq!(names.0, listed);
        for (at, spec) in SOURCES.iter().enumerate() {
            assert!(!listed[..at].contains(&spec.name), "{} is there twice", spec.name);
            assert!(!spec.summary.is_empty() && spec.attribution.is_some(), "{}", spec.name);
        }
    }
}

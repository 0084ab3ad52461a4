//! The decoders and the HTTP parts that this crate's own tests, benchmarks and fuzz targets use. They are no
//! part of the public API, and change without notice.
#![allow(missing_docs)]

#[cfg(feature = "coingecko")]
pub mod coingecko {
    pub mod decode {
        pub use crate::providers::coingecko::decode::*;
    }
}

#[cfg(feature = "ecb")]
pub mod ecb {
    pub mod decode {
        pub use crate::providers::ecb::decode::*;
    }
}

#[cfg(feature = "_exchangerate")]
pub mod exchangerate_api {
    pub mod decode {
        pub use crate::providers::exchangerate_api::decode::*;
    }
}

#[cfg(feature = "frankfurter")]
pub mod frankfurter {
    pub mod decode {
        pub use crate::providers::frankfurter::decode::*;
    }
}

#[cfg(feature = "kraken")]
pub mod kraken {
    pub mod decode {
        pub use crate::providers::kraken::decode::*;
    }
}

#[cfg(feature = "kraken-stream")]
pub mod kraken_stream {
    pub mod decode {
        pub use crate::providers::kraken_stream::decode::*;
    }
}

#[cfg(feature = "twelvedata")]
pub mod twelvedata {
    pub mod decode {
        pub use crate::providers::twelvedata::decode::*;
    }
}

#[cfg(feature = "twelvedata-stream")]
pub mod twelvedata_stream {
    pub mod decode {
        pub use crate::providers::twelvedata_stream::decode::*;
    }
}

#[cfg(feature = "x")]
pub mod x {
    pub mod decode {
        pub use crate::providers::x::decode::*;
    }
}

#[cfg(feature = "recorded")]
pub mod recorded {
    pub mod decode {
        pub use crate::providers::recorded::decode::*;
    }
}

#[cfg(feature = "files")]
pub mod files {
    pub mod decode {
        pub use crate::user_data::files::decode::*;
    }
}

#[cfg(feature = "_http")]
pub mod http {
    pub use crate::http::classify::Refusal;
    pub use crate::http::client::Http;
    pub use crate::http::quota::RateLimitHint;
    pub use crate::http::service::{Key, Request, Service};
    #[cfg(feature = "_socket")]
    pub use crate::http::socket::{QueryKey, Socket, SocketMessage, Sockets};
}

#[cfg(feature = "_mapping")]
pub mod mapping {
    pub use crate::user_data::mapping::field::Field;
}

//! Fingerprints of values, which cursors store to detect changes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A fingerprint of exact values in their order: FNV-1a, 64 bits, written as 16 hexadecimal digits.
///
/// The algorithm is implemented here, because stored fingerprints must not depend on the hash
/// function of a library's next release.
///
/// ```
/// use tidegauge_core::Fingerprint;
///
/// let mut fingerprint = Fingerprint::default();
/// fingerprint.update(b"foobar");
/// assert_eq!(fingerprint.to_string(), "85944171f73967e8");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(u64);

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The fingerprint of no values.
impl Default for Fingerprint {
    fn default() -> Self {
        Self(OFFSET_BASIS)
    }
}

impl Fingerprint {
    /// Adds a value that may be missing; a missing value differs from every other one.
    pub fn add<T: AsRef<[u8]>>(&mut self, value: Option<T>) {
        self.update(&[u8::from(value.is_some())]);
        if let Some(value) = value {
            self.update(value.as_ref());
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_matches_fnv_1a_test_vectors() {
        // From the reference implementation's test vectors.
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            let mut found = Fingerprint::default();
            found.update(text.as_bytes());
            assert_eq!(found, Fingerprint(hash), "{text}");
        }
    }

    #[test]
    fn fingerprints_survive_a_text_round_trip() {
        let fingerprint = Fingerprint(0xab);
        assert_eq!(fingerprint.to_string(), "00000000000000ab");
        assert_eq!(fingerprint.to_string().try_into(), Ok(fingerprint));
    }
}

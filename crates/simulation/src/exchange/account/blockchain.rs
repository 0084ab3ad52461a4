//! Well-formed but fictitious blockchain transaction hashes and addresses.
//!
//! They are random numbers in the right encoding. A real address is derived from a key; a collision is as
//! likely as guessing an existing key.

use std::fmt::Write;

use bech32::{Fe32, hrp, segwit};

use crate::rng::RandomStream;

/// Returns a transaction hash or signature in the format of the coin's blockchain.
///
/// USDT is assumed to be the token on Ethereum.
pub(crate) fn transaction_hash(rng: &mut RandomStream, coin: &str) -> String {
    match coin {
        "BTC" => random_hex("", 64, rng),
        // Solana identifies a transaction by its first signature.
        "SOL" => bs58::encode(random_bytes::<64>(rng)).into_string(),
        _ => random_hex("0x", 64, rng),
    }
}

/// Returns an address in the format of the coin's blockchain.
pub(crate) fn address(rng: &mut RandomStream, coin: &str) -> String {
    match coin {
        "BTC" => segwit_address(random_bytes(rng)),
        "SOL" => bs58::encode(random_bytes::<32>(rng)).into_string(),
        // Lowercase addresses carry no checksum, which EIP-55 allows.
        _ => random_hex("0x", 40, rng),
    }
}

/// Returns the pay-to-witness-public-key-hash address of a key hash (BIP-173).
fn segwit_address(key_hash: [u8; 20]) -> String {
    let mut text = String::with_capacity(42);
    let _ = segwit::encode_lower_to_fmt_unchecked(&mut text, hrp::BC, Fe32::Q, &key_hash);
    text
}

/// Returns `digits` random hexadecimal digits after a prefix.
fn random_hex(prefix: &str, digits: usize, rng: &mut RandomStream) -> String {
    let mut text = String::with_capacity(prefix.len() + digits + 16);
    text.push_str(prefix);
    while text.len() < prefix.len() + digits {
        let _ = write!(text, "{:016x}", rng.bits());
    }
    text.truncate(prefix.len() + digits);
    text
}

/// Returns random bytes.
fn random_bytes<const LEN: usize>(rng: &mut RandomStream) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&rng.bits().to_le_bytes()[..part.len()]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::StreamId;

    const COINS: [&str; 4] = ["BTC", "ETH", "SOL", "USDT"];

    fn rng(entity: u64) -> RandomStream {
        RandomStream::new(7, StreamId::Activity, entity)
    }

    /// Decodes lowercase hexadecimal digits.
    fn decode(digits: &str) -> Vec<u8> {
        assert_eq!(digits, digits.to_lowercase());
        let pairs = (0..digits.len()).step_by(2);
        pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn hashes_and_addresses_are_pinned() {
        let texts = COINS.map(|coin| {
            let mut rng = rng(1);
            [transaction_hash(&mut rng, coin), address(&mut rng, coin)]
        });
        assert_eq!(texts, TEXTS);
    }

    const TEXTS: [[&str; 2]; 4] = [
        [
            "a4f5ca59ba8406f638827b21e1542a532dde21ebd8948098c1be4f56049bb746",
            "bc1q9scz04tnvz9jttk4ry03eze4q0v08mllgcnxzd",
        ],
        [
            "0xa4f5ca59ba8406f638827b21e1542a532dde21ebd8948098c1be4f56049bb746",
            "0x258b6073d527302c03358b1c1f19d5aecb6e9cd0",
        ],
        [
            "5vHy8M49nushmoYcR5JXcgYrLMmHq5959fSNHM7C6dBAUnzauxXoMdvT5Bfaio9yL8TNZXhiXT6hd9yAL69bgRMd",
            "2G2yL3Xtx8mSnhjAohq4aMJPCTpSRFiF6pXvzoUEY75h",
        ],
        [
            "0xa4f5ca59ba8406f638827b21e1542a532dde21ebd8948098c1be4f56049bb746",
            "0x258b6073d527302c03358b1c1f19d5aecb6e9cd0",
        ],
    ];

    #[test]
    fn transactions_are_well_formed() {
        for entity in 0..500 {
            let [btc, eth, sol, usdt] = COINS.map(|coin| transaction_hash(&mut rng(entity), coin));
            assert_eq!(decode(&btc).len(), 32);
            assert_eq!(eth, format!("0x{btc}"));
            assert_eq!(usdt, eth);
            assert_eq!(bs58::decode(sol).into_vec().unwrap().len(), 64);
        }
    }

    #[test]
    fn addresses_are_well_formed() {
        for entity in 0..500 {
            let [btc, eth, sol, usdt] = COINS.map(|coin| address(&mut rng(entity), coin));
            let key_hash: [u8; 20] = random_bytes(&mut rng(entity));
            assert!(btc.starts_with("bc1q"));
            assert_eq!(segwit::decode(&btc).unwrap(), (hrp::BC, Fe32::Q, key_hash.to_vec()));
            assert_eq!(decode(eth.strip_prefix("0x").unwrap()).len(), 20);
            assert_eq!(usdt, eth);
            let key: [u8; 32] = random_bytes(&mut rng(entity));
            assert_eq!(bs58::decode(sol).into_vec().unwrap(), key);
        }
    }

    #[test]
    fn bitcoin_addresses_match_bip_173_test_vectors() {
        let key_hash = decode("751e76e8199196d454941c45d1b3a323f1433bd6").try_into().unwrap();
        assert_eq!(segwit_address(key_hash), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
    }

    #[test]
    fn base58_matches_solana_test_vectors() {
        // The address of the system program, and a test vector of draft-msporny-base58-03.
        assert_eq!(bs58::encode([0; 32]).into_string(), "1".repeat(32));
        assert_eq!(bs58::encode("Hello World!").into_string(), "2NEpo7TZRRrLZSi2U");
    }
}

//! Well-formed but fictitious blockchain transaction hashes and addresses.
//!
//! They are random numbers in the right encoding. A real address is derived from a key; a collision is as
//! likely as guessing an existing key.

use std::fmt::Write;

use bech32::{Fe32, hrp, segwit};

use crate::draw::Draws;

/// Returns a transaction hash or signature in the format of the coin's blockchain.
///
/// USDT is assumed to be the token on Ethereum.
pub(super) fn hash(draws: &mut Draws, coin: &str) -> String {
    match coin {
        "BTC" => hex("", 64, draws),
        // Solana identifies a transaction by its first signature.
        "SOL" => bs58::encode(bytes::<64>(draws)).into_string(),
        _ => hex("0x", 64, draws),
    }
}

/// Returns an address in the format of the coin's blockchain.
pub(super) fn address(draws: &mut Draws, coin: &str) -> String {
    match coin {
        "BTC" => segwit_address(bytes(draws)),
        "SOL" => bs58::encode(bytes::<32>(draws)).into_string(),
        // Lowercase addresses carry no checksum, which EIP-55 allows.
        _ => hex("0x", 40, draws),
    }
}

/// Returns the pay-to-witness-public-key-hash address of a key hash (BIP-173).
fn segwit_address(key_hash: [u8; 20]) -> String {
    let mut text = String::with_capacity(42);
    let _ = segwit::encode_lower_to_fmt_unchecked(&mut text, hrp::BC, Fe32::Q, &key_hash);
    text
}

/// Returns `digits` random hexadecimal digits after a prefix.
fn hex(prefix: &str, digits: usize, draws: &mut Draws) -> String {
    let mut text = String::with_capacity(prefix.len() + digits + 16);
    text.push_str(prefix);
    while text.len() < prefix.len() + digits {
        let _ = write!(text, "{:016x}", draws.bits());
    }
    text.truncate(prefix.len() + digits);
    text
}

/// Returns random bytes.
fn bytes<const LEN: usize>(draws: &mut Draws) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&draws.bits().to_le_bytes()[..part.len()]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Stream;

    const COINS: [&str; 4] = ["BTC", "ETH", "SOL", "USDT"];

    fn draws(entity: u64) -> Draws {
        Draws::of(7, Stream::Ledger, entity)
    }

    /// Decodes lowercase hexadecimal digits.
    fn decode(digits: &str) -> Vec<u8> {
        assert_eq!(digits, digits.to_lowercase());
        let pairs = (0..digits.len()).step_by(2);
        pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn chains_never_change() {
        let texts = COINS.map(|coin| {
            let mut draws = draws(1);
            [hash(&mut draws, coin), address(&mut draws, coin)]
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
            let [btc, eth, sol, usdt] = COINS.map(|coin| hash(&mut draws(entity), coin));
            assert_eq!(decode(&btc).len(), 32);
            assert_eq!(eth, format!("0x{btc}"));
            assert_eq!(usdt, eth);
            assert_eq!(bs58::decode(sol).into_vec().unwrap().len(), 64);
        }
    }

    #[test]
    fn addresses_are_well_formed() {
        for entity in 0..500 {
            let [btc, eth, sol, usdt] = COINS.map(|coin| address(&mut draws(entity), coin));
            let key_hash: [u8; 20] = bytes(&mut draws(entity));
            assert!(btc.starts_with("bc1q"));
            assert_eq!(segwit::decode(&btc).unwrap(), (hrp::BC, Fe32::Q, key_hash.to_vec()));
            assert_eq!(decode(eth.strip_prefix("0x").unwrap()).len(), 20);
            assert_eq!(usdt, eth);
            let key: [u8; 32] = bytes(&mut draws(entity));
            assert_eq!(bs58::decode(sol).into_vec().unwrap(), key);
        }
    }

    #[test]
    fn bitcoin_addresses_are_those_of_bip_173() {
        let key_hash = decode("751e76e8199196d454941c45d1b3a323f1433bd6").try_into().unwrap();
        assert_eq!(segwit_address(key_hash), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
    }

    #[test]
    fn base58_is_that_of_solana() {
        // The address of the system program, and a test vector of draft-msporny-base58-03.
        assert_eq!(bs58::encode([0; 32]).into_string(), "1".repeat(32));
        assert_eq!(bs58::encode("Hello World!").into_string(), "2NEpo7TZRRrLZSi2U");
    }
}

//! What a valid signature is, against three other implementations and over the edge cases in which they disagree.
//!
//! The rule is ZIP-215 with keys of small order refused. A change of any count in here splits networks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bouya_core::crypto::{PublicKey, SecretKey, Signature, Signed, verify, verify_batch};
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::Verifier;

const MESSAGE: &[u8] = b"Zcash";

/// Who takes a signature: this ledger, ZIP-215 alone, dalek, dalek strict, ring.
type Takers = [bool; 5];

fn takers(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Takers {
    let zebra = ed25519_zebra::VerificationKey::try_from(*key)
        .is_ok_and(|key| key.verify(&ed25519_zebra::Signature::from_bytes(signature), message).is_ok());
    let parsed = ed25519_dalek::Signature::from_bytes(signature);
    let dalek = ed25519_dalek::VerifyingKey::from_bytes(key);
    let (loose, strict) = dalek.map_or((false, false), |key| {
        (key.verify(message, &parsed).is_ok(), key.verify_strict(message, &parsed).is_ok())
    });
    let ring =
        ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, key).verify(message, signature);
    let ours = verify(&PublicKey(*key), message, &Signature(*signature));
    assert_eq!(in_batch(key, message, signature), ours, "a batch must say what a single check says");
    [ours, zebra, loose, strict, ring.is_ok()]
}

/// Whether a batch takes it, beside two good ones.
fn in_batch(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let good = |seed: u8| {
        let secret = SecretKey::from_seed(&[seed; 32]);
        let message = vec![seed; 9];
        Signed { key: secret.public(), signature: secret.sign(&message), message }
    };
    let this = Signed { key: PublicKey(*key), message: message.to_vec(), signature: Signature(*signature) };
    verify_batch(&[good(1), this, good(2)])
}

/// The 14 encodings of the eight points of small order: eight canonical, six that are not (y not reduced, or x = 0 with a sign).
fn small_order() -> Vec<[u8; 32]> {
    let mut found: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    let mut candidates = Vec::new();
    for low in 0..19_u8 {
        // 2^255 - 19 + low, and the canonical small and largest y, each with either sign.
        let mut field = [255; 32];
        (field[0], field[31]) = (237 + low, 127);
        candidates.push(field);
    }
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [255; 32];
    (minus_one[0], minus_one[31]) = (236, 127);
    candidates.extend([one, minus_one]);
    for y in candidates {
        for sign in [0, 128] {
            let mut bytes = y;
            bytes[31] |= sign;
            let point = CompressedEdwardsY(bytes).decompress();
            if point.is_some_and(|point| point.is_small_order()) && !found.contains(&bytes) {
                found.push(bytes);
            }
        }
    }
    found
}

fn join(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    signature[32..].copy_from_slice(s);
    signature
}

/// The challenge of ed25519: SHA-512 over R, key and message.
fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let mut context = ring::digest::Context::new(&ring::digest::SHA512);
    for part in [&r[..], key, message] {
        context.update(part);
    }
    Scalar::from_bytes_mod_order_wide(context.finish().as_ref().try_into().unwrap())
}

#[test]
fn the_196_signatures_of_small_order_are_all_refused_where_zip_215_alone_takes_them() {
    let points = small_order();
    assert_eq!(points.len(), 14);
    let mut counts = [0; 5];
    for key in &points {
        for r in &points {
            // S = 0 fits every message.
            let takers = takers(key, MESSAGE, &join(r, &[0; 32]));
            for (count, takes) in counts.iter_mut().zip(takers) {
                *count += usize::from(takes);
            }
        }
    }
    // The disagreements, on record: ours, ZIP-215, dalek, dalek strict, ring.
    assert_eq!(counts, [0, 196, 12, 0, 12]);
}

/// A signature with chosen nonce point offset and key offset: R = rB + one small-order point, A = aB + another.
fn mixed(r_offset: EdwardsPoint, key_offset: EdwardsPoint) -> ([u8; 32], [u8; 64]) {
    let (secret, nonce) = (Scalar::from(7_919_u64), Scalar::from(104_729_u64));
    let key = (ED25519_BASEPOINT_POINT * secret + key_offset).compress().to_bytes();
    let r = (ED25519_BASEPOINT_POINT * nonce + r_offset).compress().to_bytes();
    let s = nonce + challenge(&r, &key, MESSAGE) * secret;
    (key, join(&r, &s.to_bytes()))
}

#[test]
fn points_of_mixed_order_count_as_zip_215_says() {
    let mut counts = [0; 5];
    for key_offset in EIGHT_TORSION {
        for r_offset in EIGHT_TORSION {
            let (key, signature) = mixed(r_offset, key_offset);
            for (count, takes) in counts.iter_mut().zip(takers(&key, MESSAGE, &signature)) {
                *count += usize::from(takes);
            }
        }
    }
    // Cofactored verification takes all 64; the others take those where the small parts happen to cancel.
    assert_eq!((counts[0], counts[1]), (64, 64));
    assert_eq!(counts[2..], [7, 7, 7]);
}

#[test]
fn a_nonce_point_of_small_order_is_fine_and_a_loose_scalar_is_not() {
    let secret = Scalar::from(7_919_u64);
    let key = (ED25519_BASEPOINT_POINT * secret).compress().to_bytes();
    let mut counts = [0; 5];
    for r in small_order() {
        let s = challenge(&r, &key, MESSAGE) * secret;
        for (count, takes) in counts.iter_mut().zip(takers(&key, MESSAGE, &join(&r, &s.to_bytes()))) {
            *count += usize::from(takes);
        }
    }
    assert_eq!(counts, [14, 14, 1, 0, 1]);
    // S + L fits the same equation; if it counted, anybody could change a transaction's id.
    let order = {
        let mut bytes = (Scalar::ZERO - Scalar::ONE).to_bytes();
        bytes[0] += 1;
        bytes
    };
    let secret = SecretKey::from_seed(&[1; 32]);
    let signature = secret.sign(MESSAGE).0;
    let mut carry = 0_u16;
    let mut loose = signature;
    for (byte, add) in loose[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        (*byte, carry) = ((carry & 255) as u8, carry >> 8);
    }
    assert_eq!(takers(&secret.public().0, MESSAGE, &signature), [true; 5]);
    assert_eq!(takers(&secret.public().0, MESSAGE, &loose), [false; 5]);
    assert_eq!(takers(&secret.public().0, b"Zcach", &signature), [false; 5]);
}

#[test]
fn no_flipped_bit_of_a_signature_or_its_key_verifies_anywhere() {
    let secret = SecretKey::from_seed(&[2; 32]);
    let (key, signature) = (secret.public().0, secret.sign(MESSAGE).0);
    for bit in 0..96 * 8 {
        let (mut key, mut signature) = (key, signature);
        match bit / 8 {
            at @ 0..32 => key[at] ^= 1 << (bit % 8),
            at => signature[at - 32] ^= 1 << (bit % 8),
        }
        assert_eq!(takers(&key, MESSAGE, &signature), [false; 5], "bit {bit}");
    }
}

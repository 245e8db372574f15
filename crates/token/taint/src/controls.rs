//! What memcheck must find: each is a way to leak that somebody has shipped.

use std::hint::black_box;

use crate::Case;
use crate::memcheck::taint;

pub const CASES: &[Case] = &[
    Case { name: "comparing tags with ==", run: equality },
    Case { name: "comparing byte by byte until one differs", run: early_exit },
    Case { name: "a branch on one secret bit", run: branch_on_a_bit },
    Case { name: "looking a secret symbol up in a table", run: table },
    Case { name: "hexadecimal digits told apart by match", run: match_on_digit },
    Case { name: "a loop as long as a secret is", run: secret_length },
];

const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

fn secret() -> [u8; 32] {
    let bytes = black_box([0x5a; 32]);
    taint(&bytes);
    bytes
}

fn equality() {
    let (one, other) = (secret(), secret());
    // The length is hidden too: with it known, the compiler may compare all at once and only then branch.
    let (one, other) = (&one[..black_box(32)], &other[..black_box(32)]);
    if black_box(one == other) {
        black_box(());
    }
}

fn early_exit() {
    let (one, other) = (secret(), secret());
    for (a, b) in one.iter().zip(&other) {
        if a != b {
            return;
        }
        black_box(());
    }
}

fn branch_on_a_bit() {
    if secret()[black_box(7)] & 1 == 1 {
        black_box(());
    }
}

fn table() {
    let symbol = secret()[0] & 0x3f;
    black_box(ALPHABET[usize::from(symbol)]);
}

fn match_on_digit() {
    let value = match secret()[0] {
        digit @ b'0'..=b'9' => black_box(digit - b'0'),
        digit @ b'a'..=b'f' => black_box(digit - b'a' + 10),
        other => black_box(other),
    };
    black_box(value);
}

fn secret_length() {
    for _ in 0..secret()[0] & 7 {
        black_box(());
    }
}

//! Writes the ABI file: `cargo run --example escrow -- SHA256-OF-THE-MODULE`.

fn main() {
    print!("{}", escrow::abi(&std::env::args().nth(1).unwrap_or_default()));
}

//! Writes the ABI file: `cargo run --example receivables -- SHA256-OF-THE-MODULE`.

fn main() {
    print!("{}", receivables::abi(&std::env::args().nth(1).unwrap_or_default()));
}

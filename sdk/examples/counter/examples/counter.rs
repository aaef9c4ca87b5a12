//! Writes the ABI file: `cargo run --example counter -- SHA256-OF-THE-MODULE`.

fn main() {
    print!("{}", counter::abi(&std::env::args().nth(1).unwrap_or_default()));
}

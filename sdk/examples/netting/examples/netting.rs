//! Writes the ABI file: `cargo run --example netting -- SHA256-OF-THE-MODULE`.

fn main() {
    print!("{}", netting::abi(&std::env::args().nth(1).unwrap_or_default()));
}

fn main() -> std::process::ExitCode {
    bouya::cli::main()
}

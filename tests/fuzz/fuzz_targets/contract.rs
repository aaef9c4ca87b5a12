#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bouya_fuzz::run("contract", data));

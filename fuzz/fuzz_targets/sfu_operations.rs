#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::sfu_operations::run(data));

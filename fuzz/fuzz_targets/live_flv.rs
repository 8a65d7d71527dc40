#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::live_flv::run(data));

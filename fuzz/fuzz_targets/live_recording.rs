#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::live_recording::run(data));

use super::*;

#[test]
fn frames_come_out_as_they_went_in_however_the_stream_cuts_them() {
    let frames = [
        Frame::Open("token".into()),
        Frame::Refuse(429),
        Frame::Text("{\"cmd\":\"join\"}".into()),
        Frame::Ping,
        Frame::Pong,
        Frame::Close(1001),
    ];
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
    for cut in 1..bytes.len() {
        let mut assembler = Assembler::default();
        let seen: Vec<_> = bytes.chunks(cut).flat_map(|chunk| assembler.push(chunk)).collect();
        assert_eq!(seen, frames, "cut every {cut} bytes");
    }
}

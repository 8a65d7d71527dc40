use super::*;

const SERVER: &str = "192.0.2.1:3478";
const ANSWER: [u8; 20] = [1, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn answers_are_taken_from_those_who_were_asked_and_only_while_they_are() {
    let (sender, mut heard) = mpsc::channel(1);
    let mut answers = Answers::default();
    assert!(!answers.take(address(SERVER), &ANSWER), "nobody was asked");
    answers.expect(vec![address(SERVER)], sender.clone());
    assert!(answers.take(address(SERVER), &ANSWER));
    assert_eq!(heard.try_recv().unwrap(), StunAnswer { from: address(SERVER), datagram: ANSWER.to_vec() });
    assert!(!answers.take(address("192.0.2.1:3479"), &ANSWER), "another port is another server");
    let mut request = ANSWER;
    request[0] = 0;
    assert!(!answers.take(address(SERVER), &request), "a server may be a client as well");
    answers.expect(Vec::new(), sender);
    assert!(!answers.take(address(SERVER), &ANSWER));
    assert!(heard.try_recv().is_err());
}

#[test]
fn a_flood_of_answers_fills_no_memory() {
    let (sender, mut heard) = mpsc::channel(2);
    let mut answers = Answers::default();
    answers.expect(vec![address(SERVER)], sender);
    for _ in 0..3 {
        assert!(answers.take(address(SERVER), &ANSWER));
    }
    let mut long = ANSWER.to_vec();
    long.resize(ANSWER_BYTES_MAX + 1, 0);
    assert!(!answers.take(address(SERVER), &long));
    assert!(heard.try_recv().is_ok() && heard.try_recv().is_ok() && heard.try_recv().is_err());
}

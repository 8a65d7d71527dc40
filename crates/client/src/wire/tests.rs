use super::*;

fn answer(candidates: &[String]) -> String {
    let lines = candidates.iter().map(|candidate| format!("a=candidate:{candidate}\r\n"));
    format!("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\n{}", lines.collect::<String>())
}

#[test]
fn connections_go_to_the_passive_tcp_candidates_of_the_own_family_each_once() {
    let answer = answer(&[
        "1 1 udp 2130706431 192.0.2.1 3478 typ host".into(),
        "2 1 tcp 1671430143 192.0.2.1 8443 typ host tcptype passive".into(),
        "2 1 tcp 1671430142 192.0.2.1 8443 typ host tcptype passive".into(),
        "3 1 tcp 1671430141 192.0.2.1 9 typ host tcptype active".into(),
        "4 1 tcp 1671430140 2001:db8::1 8443 typ host tcptype passive".into(),
    ]);
    assert_eq!(tcp_candidates(&answer, true), ["192.0.2.1:8443".parse().unwrap()]);
    assert_eq!(tcp_candidates(&answer, false), ["[2001:db8::1]:8443".parse().unwrap()]);
}

#[test]
fn as_many_candidates_as_are_tried_are_taken_and_one_more_is_not() {
    let candidate = |number| format!("{number} 1 tcp 16714301 192.0.2.{number} 8443 typ host tcptype passive");
    for count in [CONNECTIONS_MAX, CONNECTIONS_MAX + 1] {
        let candidates: Vec<_> = (1..=count).map(candidate).collect();
        assert_eq!(tcp_candidates(&answer(&candidates), true).len(), CONNECTIONS_MAX);
    }
}

#[test]
fn an_answer_without_a_way_for_tcp_is_an_error_over_tcp_only() {
    let answer = answer(&["1 1 udp 2130706431 192.0.2.1 3478 typ host".into()]);
    let local = "127.0.0.1".parse().unwrap();
    let error = Wire::open(Transport::Tcp, local).unwrap().connect(&answer).unwrap_err();
    assert!(matches!(error, Error::NoTcpCandidate), "{error}");
    Wire::open(Transport::Udp, local).unwrap().connect(&answer).unwrap();
}

#[test]
fn over_tcp_the_candidate_is_active_and_has_the_port_that_means_none() {
    let wire = Wire::open(Transport::Tcp, "127.0.0.1".parse().unwrap()).unwrap();
    let line = wire.candidate().unwrap().to_sdp_string();
    assert!(line.contains(" 127.0.0.1 9 typ host tcptype active"), "{line}");
}

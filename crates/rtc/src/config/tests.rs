//! Which configurations are refused.

use crate::candidate::Transport;
use crate::testing::certificate;

use super::*;

fn candidates(count: usize) -> Vec<Candidate> {
    vec![Candidate { transport: Transport::Udp, address: "192.0.2.1:3478".parse().unwrap() }; count]
}

fn sound() -> Certificate {
    let (der, key) = certificate(1);
    Certificate::new(der, &key).unwrap()
}

#[test]
fn one_to_as_many_candidates_as_the_limit_are_accepted() {
    assert!(matches!(Config::new(sound(), vec![]), Err(ConfigError::Candidates { count: 0, .. })));
    assert!(Config::new(sound(), candidates(1)).is_ok());
    assert!(Config::new(sound(), candidates(CANDIDATES_MAX)).is_ok());
    let refused = Config::new(sound(), candidates(CANDIDATES_MAX + 1));
    assert!(matches!(refused, Err(ConfigError::Candidates { count: 33, max: 32 })));
}

#[test]
fn a_key_of_another_certificate_is_refused_when_it_is_loaded() {
    let ((der, _), (_, other_key)) = (certificate(1), certificate(1));
    assert!(matches!(Certificate::new(der.clone(), &other_key), Err(ConfigError::CertificateOfAnotherKey)));
    assert!(matches!(Certificate::new(der, b"no key"), Err(ConfigError::PrivateKey)));
}

#[test]
fn the_private_key_is_not_shown() {
    let shown = format!("{:?}", sound());
    assert!(shown.contains("sha-256") && !shown.contains("private"), "{shown}");
}

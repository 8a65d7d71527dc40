use std::net::SocketAddr;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const ALL: [Features; 3] = [Features::None, Features::PasswordAlgorithms, Features::PasswordAlgorithmsAndUserhash];

#[expect(clippy::disallowed_methods, reason = "a test takes its epoch once")]
fn mint() -> (NonceMint, Instant) {
    let epoch = Instant::now();
    (NonceMint::new([3; 32], epoch, HOUR), epoch)
}

fn client() -> ClientAddr {
    let remote = SocketAddr::from(([203, 0, 113, 7], 4000));
    ClientAddr { transport: Transport::Udp, local: remote, remote }
}

#[test]
fn a_nonce_is_good_for_its_lifetime() {
    let (mint, epoch) = mint();
    for features in ALL {
        for start in [0, 1, 3, 4, 1_048_570, 10_000_000] {
            let issued = epoch + Duration::from_secs(start);
            let nonce = mint.mint(issued, &client(), features);
            assert!(mint.verify(issued, &client(), &nonce));
            assert!(mint.verify(issued + HOUR - Duration::from_secs(4), &client(), &nonce));
            assert!(!mint.verify(issued + HOUR + Duration::from_secs(4), &client(), &nonce));
        }
    }
}

#[test]
fn a_nonce_does_not_come_round_again() {
    let (mint, epoch) = mint();
    let nonce = mint.mint(epoch, &client(), Features::None);
    let round = TICK * u32::try_from(TICK_MASK + 1).unwrap();
    assert!(!mint.verify(epoch + round, &client(), &nonce));
}

#[test]
fn every_character_of_a_nonce_counts() {
    let (mint, epoch) = mint();
    for features in ALL {
        let nonce = mint.mint(epoch, &client(), features);
        for at in 0..nonce.len() {
            let mut forged = nonce.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert!(!mint.verify(epoch, &client(), std::str::from_utf8(&forged).unwrap()), "character {at}");
        }
        assert!(!mint.verify(epoch, &client(), &nonce[1..]));
        assert!(!mint.verify(epoch, &client(), &format!("{nonce}A")));
    }
}

#[test]
fn junk_is_no_nonce() {
    let (mint, epoch) = mint();
    for junk in [
        "",
        "A",
        "obMatJos2",
        "obMatJos2gAAA",
        "ééééé!",
        "obMatJos2gAAAéééééA",
        "obMatJos2éAAAAAAAAAA",
        "\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        assert!(!mint.verify(epoch, &client(), junk), "{junk:?}");
    }
}

#[test]
fn a_nonce_says_which_features_it_announces() {
    let (mint, epoch) = mint();
    let announces = |features| Features::announces_password_algorithms(&mint.mint(epoch, &client(), features));
    assert_eq!(ALL.map(announces), [false, true, true]);
    assert!(!Features::announces_password_algorithms("obMatJos2QAAA"), "username anonymity alone");
    assert!(!Features::announces_password_algorithms("obMatJos2"));
}

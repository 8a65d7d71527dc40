//! What hellos decide.

use super::*;

fn ours() -> Vec<u8> {
    ClientHello::ours(&[7; 32], b"")
}

/// Our hello with the content of one extension changed, or without it.
fn with(kind: u16, content: Option<&[u8]>) -> ClientHello {
    let body = ours();
    // Version, random, session, cookie, two suites, one compression method.
    let (head, tail) = body.split_at(2 + 32 + 1 + 1 + 6 + 2);
    let mut extensions = Vec::new();
    for_each_extension(&tail[2..], |found, own| {
        match content {
            _ if found != kind => put_extension(&mut extensions, found, own),
            Some(content) => put_extension(&mut extensions, found, content),
            None => {}
        }
        Some(())
    })
    .unwrap();
    let mut changed = head.to_vec();
    put_vector16(&mut changed, &extensions);
    ClientHello::parse(&changed).unwrap()
}

#[test]
fn our_own_hello_is_acceptable_and_answered_acceptably() {
    let hello = ClientHello::parse(&ours()).unwrap();
    assert!(hello.version && hello.suite && hello.scheme && hello.extended_master_secret);
    assert_eq!((hello.group, hello.profile), (Some(Group::X25519), Some(Profile::AeadAes128Gcm)));
    let answer = ServerHello::parse(&hello.answer(&[9; 32])).unwrap();
    assert!(answer.acceptable);
    assert_eq!((answer.random, answer.profile), ([9; 32], Some(Profile::AeadAes128Gcm)));
}

#[test]
fn the_cheapest_profile_that_was_offered_is_taken_wherever_it_stands() {
    for (offered, expected) in [
        (&[0, 8, 0, 1, 0, 7][..], Some(Profile::AeadAes128Gcm)),
        (&[0, 1, 0, 8], Some(Profile::AeadAes256Gcm)),
        (&[0, 2, 0, 1], Some(Profile::Aes128CmHmacSha1)),
        (&[0, 2, 0, 5], None),
    ] {
        let mut content = Vec::new();
        put_vector16(&mut content, offered);
        content.push(0);
        assert_eq!(with(USE_SRTP, Some(&content)).profile, expected);
    }
    assert_eq!(with(USE_SRTP, None).profile, None);
}

#[test]
fn what_is_missing_is_noticed() {
    assert!(!with(EXTENDED_MASTER_SECRET, None).extended_master_secret);
    assert!(!with(SIGNATURE_ALGORITHMS, None).scheme);
    assert!(!with(SIGNATURE_ALGORITHMS, Some(&[0, 2, 4, 1])).scheme);
    assert_eq!(with(SUPPORTED_GROUPS, None).group, None);
    assert_eq!(with(SUPPORTED_GROUPS, Some(&[0, 4, 0, 24, 0, 23])).group, Some(Group::P256));
    let mut old = ours();
    old[1] = 0xFF;
    assert!(!ClientHello::parse(&old).unwrap().version);
}

#[test]
fn every_cut_of_a_hello_is_refused_or_lacks_something() {
    let body = ours();
    for length in 0..body.len() {
        let cut = ClientHello::parse(&body[..length]);
        assert!(cut.is_none_or(|hello| hello.group.is_none()), "{length}");
    }
    let answer = ClientHello::parse(&body).unwrap().answer(&[9; 32]);
    for length in 0..answer.len() {
        assert!(ServerHello::parse(&answer[..length]).is_none_or(|hello| !hello.acceptable), "{length}");
    }
}

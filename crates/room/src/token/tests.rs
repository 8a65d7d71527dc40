use super::*;

const NOW: Duration = Duration::from_secs(1_790_000_000);

fn key(name: &str) -> Key {
    Key::new(name, name.repeat(SECRET_BYTES_MIN)).unwrap()
}

fn claims() -> Claims {
    let exp = NOW.as_secs() + 60;
    Claims { room: "abc".to_owned(), uid: None, name: None, role: None, grants: None, exp, nbf: None }
}

fn verdict(token: &str) -> Result<Claims, TokenError> {
    verify(&[key("a"), key("b")], token, NOW)
}

/// A token with any header and payload, signed as HS256 with the secret of key `a`.
fn forged(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(payload));
    let signing = EncodingKey::from_secret(&key("a").secret);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &signing, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn base64url(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            encoded.push(char::from(ALPHABET[(bits >> (18 - 6 * digit)) as usize & 63]));
        }
    }
    encoded
}

#[test]
fn a_minted_token_says_what_was_minted() {
    let full = Claims {
        uid: Some("k3".to_owned()),
        name: Some("安娜".to_owned()),
        role: Some("doctor".to_owned()),
        grants: Some(vec!["subscribe".to_owned(), "chat".to_owned()]),
        nbf: Some(NOW.as_secs()),
        ..claims()
    };
    for claims in [claims(), full] {
        assert_eq!(verdict(&mint(&key("a"), &claims).unwrap()), Ok(claims));
    }
}

#[test]
fn every_key_is_tried_for_a_token_without_kid() {
    let token = forged(r#"{"alg":"HS256"}"#, r#"{"room":"abc","exp":1790000060}"#);
    assert_eq!(verify(&[key("b"), key("a")], &token, NOW), Ok(claims()));
    assert_eq!(verify(&[key("b")], &token, NOW), Err(TokenError::BadSignature));
}

#[test]
fn a_kid_names_the_only_key_that_is_tried() {
    let token = forged(r#"{"alg":"HS256","kid":"b"}"#, r#"{"room":"abc","exp":1790000060}"#);
    assert_eq!(verdict(&token), Err(TokenError::BadSignature));
    let unknown = forged(r#"{"alg":"HS256","kid":"z"}"#, r#"{"room":"abc","exp":1790000060}"#);
    assert_eq!(verdict(&unknown), Err(TokenError::BadSignature));
}

#[test]
fn a_token_is_good_until_the_second_of_its_expiry() {
    let at = |exp| verdict(&mint(&key("a"), &Claims { exp, ..claims() }).unwrap());
    assert!(at(NOW.as_secs() + 1).is_ok());
    assert_eq!(at(NOW.as_secs()), Err(TokenError::Expired));
}

#[test]
fn a_token_for_later_is_refused_beyond_the_skew_of_clocks() {
    let at = |nbf| verdict(&mint(&key("a"), &Claims { nbf: Some(nbf), ..claims() }).unwrap());
    assert!(at(NOW.as_secs() + CLOCK_SKEW.as_secs()).is_ok());
    assert_eq!(at(NOW.as_secs() + CLOCK_SKEW.as_secs() + 1), Err(TokenError::NotYetValid));
}

#[test]
fn only_hs256_is_accepted() {
    let payload = r#"{"room":"abc","exp":1790000060}"#;
    for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256", "hs256", ""] {
        let token = forged(&format!(r#"{{"alg":"{alg}"}}"#), payload);
        assert_eq!(verdict(&token), Err(TokenError::Malformed), "{alg}");
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(verdict(&unsigned), Err(TokenError::Malformed), "{alg}");
    }
}

#[test]
fn critical_headers_are_not_understood() {
    let token = forged(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, r#"{"room":"abc","exp":1790000060}"#);
    assert_eq!(verdict(&token), Err(TokenError::Malformed));
}

#[test]
fn a_changed_token_is_refused() {
    let token = mint(&key("a"), &claims()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let other = base64url(r#"{"room":"*","exp":1790000060}"#);
    assert_eq!(verdict(&format!("{header}.{other}.{signature}")), Err(TokenError::BadSignature));
    assert_eq!(verdict(&format!("{message}.")), Err(TokenError::BadSignature));
}

#[test]
fn claims_of_wrong_types_are_refused() {
    for payload in [
        r#"{"exp":1790000060}"#,
        r#"{"room":"abc"}"#,
        r#"{"room":7,"exp":1790000060}"#,
        r#"{"room":"abc","exp":"1790000060"}"#,
        r#"{"room":"abc","exp":-1}"#,
        r#"{"room":"abc","exp":1e300}"#,
        r#"{"room":"abc","exp":1790000060,"grants":"chat"}"#,
        r#"{"room":"abc","exp":1790000060,"nbf":"soon"}"#,
        "[]",
        "",
    ] {
        assert_eq!(verdict(&forged(r#"{"alg":"HS256"}"#, payload)), Err(TokenError::Malformed), "{payload}");
    }
}

#[test]
fn unknown_claims_and_fractions_of_seconds_are_no_obstacle() {
    let payload = r#"{"room":"abc","exp":1790000060.75,"aud":"other","iss":"me","sub":"x","iat":1}"#;
    assert_eq!(verdict(&forged(r#"{"alg":"HS256","typ":"JWT"}"#, payload)), Ok(claims()));
}

#[test]
fn text_that_is_no_token_is_refused() {
    for text in ["", ".", "..", "a.b.c", "….….…", &"a".repeat(TOKEN_BYTES_MAX)] {
        assert_eq!(verdict(text), Err(TokenError::Malformed));
    }
    assert_eq!(verdict(&"a".repeat(TOKEN_BYTES_MAX + 1)), Err(TokenError::TooLong));
}

#[test]
fn a_token_that_no_server_would_take_is_not_minted() {
    let name = Some("n".repeat(TOKEN_BYTES_MAX));
    assert_eq!(mint(&key("a"), &Claims { name, ..claims() }), Err(TokenError::TooLong));
}

#[test]
fn a_key_needs_a_name_and_32_bytes() {
    assert!(Key::new("a", [1; SECRET_BYTES_MIN]).is_ok());
    assert_eq!(Key::new("a", [1; SECRET_BYTES_MIN - 1]).unwrap_err(), KeyError::Short { bytes: 31 });
    assert_eq!(Key::new("", [1; SECRET_BYTES_MIN]).unwrap_err(), KeyError::Unnamed);
}

#[test]
fn a_key_does_not_show_its_secret() {
    assert_eq!(format!("{:?}", key("a")), r#"Key { name: "a", .. }"#);
}

use super::*;

#[test]
fn a_rest_password_is_the_base64_of_hmac_sha1_of_the_username() {
    // RFC 2202 §3, test case 2, with the digest in base64.
    let password = rest_password(&Secret::new("Jefe"), "what do ya want for nothing?");
    assert_eq!(password.expose(), "7/zfauXrL6LSdBbV8YTfnCWafHk=");
}

#[test]
fn a_rest_username_names_its_expiry_and_its_user() {
    let username = rest_username(Duration::from_secs(1_700_000_000), "anna");
    assert_eq!(username, "1700000000:anna");
    let parsed = RestUsername::parse(&username).unwrap();
    assert_eq!((parsed.expiry, parsed.user), (Duration::from_secs(1_700_000_000), "anna"));
}

#[test]
fn the_user_of_a_rest_username_may_hold_colons_or_be_absent() {
    let user = |username| RestUsername::parse(username).map(|parsed| parsed.user);
    assert_eq!(user("12:room:anna"), Some("room:anna"));
    assert_eq!(user("12"), Some("12"));
    assert_eq!(user("12:"), Some("12:"));
}

#[test]
fn usernames_without_a_decimal_expiry_are_not_rest_usernames() {
    for username in ["", "anna", ":anna", "+12:anna", "-1:anna", "1 2:anna", "99999999999999999999:anna", "0x12:anna"] {
        assert_eq!(RestUsername::parse(username), None, "{username:?}");
    }
}

#[test]
fn secrets_and_passwords_do_not_show_in_debug_output() {
    let shown = format!("{:?} {:?}", Secret::new("hush"), Password::new("hush"));
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn the_room_of_a_rest_username_stands_behind_the_last_hash() {
    let room = |username| RestUsername::parse(username).unwrap().room;
    assert_eq!(room("17:carl#r1"), Some("r1"));
    assert_eq!(room("17:@carl:example.org#a#b"), Some("b"));
    assert_eq!((room("17:carl"), room("17:carl#"), room("17")), (None, None, None));
    assert_eq!(RestUsername::parse("17:carl#r1").unwrap().user, "carl#r1", "in another room it is somebody else");
}

#[test]
fn the_tag_of_a_room_does_not_tell_its_name_to_who_has_no_secret() {
    let tag = |secret: &str, room| room_tag(&Secret::new(secret), room);
    let standup = tag("one", "standup");
    assert_eq!(standup.len(), 16);
    assert_eq!(standup, tag("one", "standup"));
    assert_ne!(standup, tag("two", "standup"));
    assert_ne!(standup, tag("one", "standup "));
}

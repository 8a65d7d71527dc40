use super::*;

#[test]
fn core_may_need_neither_the_shell_nor_another_core() {
    let needed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(forbidden("turn", &needed(&["hmac", "thiserror"])), Vec::<String>::new());
    let found = forbidden("turn", &needed(&["tokio", "room", "hmac"]));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("turn depends on tokio"), "{found:?}");
}

#[test]
fn media_cores_may_need_the_packets_and_no_other_core() {
    let needed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(forbidden("sfu", &needed(&["rtp", "hashbrown"])), Vec::<String>::new());
    assert_eq!(forbidden("rtc", &needed(&["rtp", "sfu"])).len(), 1);
    assert_eq!(forbidden("room", &needed(&["rtp"])).len(), 1);
    assert_eq!(forbidden("rtp", &needed(&["rtc"])).len(), 1);
}

//! The signalling of SRS's demos, on the ports where pages of it look for it.

use serde_json::{Value, json};

use super::client::{Client, connect};
use crate::fixture::{get, serve_for_test};

async fn ask(client: &mut Client, action: &str, display: &str) -> Value {
    let asked = json!({"tid": "7", "msg": {"action": action, "room": "live", "display": display}});
    client.say(&asked.to_string()).await;
    hear(client).await
}

async fn hear(client: &mut Client) -> Value {
    serde_json::from_str(&client.hear().await).expect("frames are JSON")
}

#[tokio::test]
async fn two_participants_learn_of_each_other() {
    let server = serve_for_test(&[]);
    let path = "/sig/v1/rtc?room=live&display=ana";
    let (mut ana, mut bo) = (connect(server.http(), path).await, connect(server.addresses().compat[0], path).await);
    let joined = ask(&mut ana, "join", "ana").await;
    assert_eq!((&joined["tid"], &joined["msg"]["participants"][0]["display"]), (&json!("7"), &json!("ana")));
    ask(&mut bo, "join", "bo").await;
    assert_eq!(hear(&mut ana).await["msg"]["event"], "join");
    assert_eq!(ask(&mut bo, "publish", "bo").await, json!({"tid": "7", "msg": null}));
    let heard = hear(&mut ana).await;
    assert_eq!(heard["msg"]["peer"], json!({"display": "bo", "publishing": true}));
    drop(bo);
    assert_eq!(hear(&mut ana).await["msg"]["event"], "leave");

    let mut late = connect(server.http(), path).await;
    late.say(r#"{"tid":"8","msg":{"action":"join","room":"live","display":"ana"}}"#).await;
    let (texts, code) = late.hear_out().await;
    assert_eq!((texts.len(), code), (1, Some(1008)));
    assert!(texts[0].starts_with(r#"{"tid":"8","error":{"code":101,"#), "{texts:?}");
}

#[tokio::test]
async fn versions_are_told_and_nothing_where_it_is_off() {
    let server = serve_for_test(&[]);
    for address in [server.http(), server.addresses().compat[0]] {
        let answer = get(address, "/sig/v1/versions", &[]).await;
        assert_eq!((answer.status, &answer.body[..]), (200, &b"1.0"[..]));
    }
    let server = serve_for_test(&["compat.srs_signalling=false"]);
    assert_eq!(get(server.http(), "/sig/v1/versions", &[]).await.status, 404);
    let headers = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    assert_eq!(get(server.http(), "/sig/v1/rtc", &headers).await.status, 404);
}

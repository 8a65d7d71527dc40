//! What RTMP publishes, as players of HLS and of transport streams get it.

use std::net::SocketAddr;

use live::m3u8::rules;
use live::rtmp::Purpose;
use room::token::{Claims, Key, mint};
use tokio::net::TcpStream;

use super::client::{Peer, h264, sound, sound_parameters, video_parameters};
use crate::fixture::{Answer, TestServer, get, request, serve_for_test};

/// A stream with a publisher, its first key frame, and whoever asked for `path` before the rest of five seconds came.
pub(in crate::live) async fn watched(server: &TestServer, name: &str, path: &str) -> (Peer<TcpStream>, Answer) {
    let mut publisher = Peer::connect(server, Purpose::Publish, "live", name).await.unwrap();
    publisher.send_parameters(&video_parameters()).await;
    publisher.send_parameters(&sound_parameters()).await;
    publisher.send_frame(&h264(0, true, b"key")).await;
    publisher.send_frame(&h264(40, false, b"delta")).await;
    // Until the packager has begun, there is nobody to read what comes.
    let mut probe = super::flv(server.http(), &format!("/live/{}.flv", name.split('?').next().unwrap())).await;
    probe.next().await;
    let asked = tokio::spawn(get_owned(server.http(), path.to_owned()));
    tokio::task::yield_now().await;
    publish(&mut publisher, 80, 10_000).await;
    (publisher, asked.await.unwrap())
}

async fn get_owned(address: SocketAddr, path: String) -> Answer {
    get(address, &path, &[]).await
}

async fn publish(publisher: &mut Peer<TcpStream>, from_ms: i64, to_ms: i64) {
    for at in (from_ms..to_ms).step_by(40) {
        publisher.send_frame(&h264(at, at % 2000 == 0, b"picture")).await;
        publisher.send_frame(&sound(at, b"sound")).await;
    }
}

fn text(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/vnd.apple.mpegurl"));
    std::str::from_utf8(&answer.body).unwrap()
}

fn variant(answer: &Answer) -> String {
    rules::multivariant_playlist(text(answer)).unwrap().remove(0)
}

#[tokio::test]
async fn a_player_goes_from_the_first_playlist_to_segments_in_both_containers() {
    let server = serve_for_test(&[]);
    let (_publisher, first) = watched(&server, "a", "/live/a.m3u8").await;
    let media = variant(&first);
    assert!(media.starts_with("/live/a.m3u8?hls_ctx="), "{media}");
    let playlist = get(server.http(), &media, &["Origin: https://player.example"]).await;
    assert_eq!(playlist.header("access-control-allow-origin"), Some("*"));
    assert_eq!(playlist.header("cache-control"), Some("no-cache"));
    let seen = rules::media_playlist(text(&playlist)).unwrap();
    let segment = get(server.http(), &format!("/live/{}", seen.segments[0].uri), &[]).await;
    assert_eq!((segment.status, segment.header("content-type")), (200, Some("video/mp2t")));
    assert!(segment.body.len() > 188 && segment.body.chunks(188).all(|packet| packet[0] == 0x47));

    let index = get(server.http(), "/live/a/index.m3u8", &[]).await;
    let media = variant(&index);
    assert!(media.starts_with("/live/a/stream.m3u8?hls_ctx="), "{media}");
    let seen = rules::media_playlist(text(&get(server.http(), &media, &[]).await)).unwrap();
    let last = seen.segments.last().unwrap();
    for (name, head) in [(last.map_uri.as_ref().unwrap(), b"ftyp"), (&last.uri, b"moof"), (&last.parts[0].0, b"moof")] {
        let file = get(server.http(), &format!("/live/a/{name}"), &[]).await;
        assert_eq!((file.status, file.header("content-type"), &file.body[4..8]), (200, Some("video/mp4"), &head[..]));
    }
    let head = request(server.http(), "HEAD", &format!("/live/a/{}", last.uri), &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_with_a_reason() {
    let server = serve_for_test(&[]);
    let (_publisher, first) = watched(&server, "a", "/live/a/index.m3u8").await;
    let media = variant(&first);
    let tag = "0".repeat(32);
    for (method, path, status, code) in [
        ("GET", "/live/b.m3u8".to_owned(), 404, "off-air"),
        ("GET", "/live/b.ts".to_owned(), 404, "off-air"),
        ("HEAD", "/live/b.ts".to_owned(), 404, ""),
        ("GET", format!("/live/a-{tag}-0.ts"), 404, "not-found"),
        ("GET", format!("/live/a/{tag}-p0.m4s"), 404, "not-found"),
        ("GET", format!("{media}&_HLS_msn=9999"), 400, "bad-query"),
        ("GET", format!("{media}&_HLS_part=1"), 400, "bad-query"),
        ("GET", "/live/..%2f/index.m3u8".to_owned(), 400, "bad-name"),
        ("POST", "/live/a.m3u8".to_owned(), 405, "method-not-allowed"),
        ("OPTIONS", "/live/a.m3u8".to_owned(), 200, ""),
    ] {
        let answer = request(server.http(), method, &path, &[]).await;
        assert_eq!(answer.status, status, "{method} {path}");
        if !code.is_empty() {
            assert_eq!(answer.json()["code"], code, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_token_is_shown_once_and_the_session_stands_for_it() {
    let secret = "0123456789abcdef0123456789abcdef";
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{secret}\" }}"), "live.publish=\"all\""]);
    let key = Key::new("main", secret).unwrap();
    let claims = Claims {
        room: "live/a".to_owned(),
        uid: None,
        name: None,
        role: None,
        grants: None,
        exp: 4_000_000_000,
        nbf: None,
    };
    let token = mint(&key, &claims).unwrap();
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
    publisher.send_parameters(&video_parameters()).await;
    publisher.send_parameters(&sound_parameters()).await;
    publisher.send_frame(&h264(0, true, b"key")).await;
    publisher.send_frame(&h264(40, false, b"delta")).await;
    let mut probe = super::flv(server.http(), &format!("/live/a.flv?token={token}")).await;
    probe.next().await;
    for path in
        ["/live/a.m3u8", "/live/a/stream.m3u8", "/live/a.ts", "/live/a.m3u8?hls_ctx=00000000000000000000000000000000"]
    {
        assert_eq!(get(server.http(), path, &[]).await.status, 401, "{path}");
    }
    let asked = tokio::spawn(get_owned(server.http(), format!("/live/a.m3u8?token={token}")));
    tokio::task::yield_now().await;
    publish(&mut publisher, 80, 10_000).await;
    let media = variant(&asked.await.unwrap());
    assert_eq!(get(server.http(), &media, &[]).await.status, 200);
    // The session is of this stream alone.
    assert_eq!(get(server.http(), &media.replace("/a.", "/b."), &[]).await.status, 401);
}

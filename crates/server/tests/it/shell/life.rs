use std::fs;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::fixture::{HANDSHAKE, PATIENCE, get, refusal, serve_for_test, tls_connect};

#[tokio::test]
async fn busy_port_is_named_with_the_setting_that_changes_it() {
    let server = serve_for_test(&[]);
    let addresses = server.addresses();
    for (setting, busy) in [
        ("http.listen", addresses.http[0]),
        ("https.listen", addresses.https[0]),
        ("turn.tcp_listen", addresses.turn_tcp[0]),
        ("compat.listen", addresses.compat[0]),
        ("udp.listen", addresses.udp[0]),
        ("stun.second_listen", addresses.stun_second[0]),
    ] {
        let text = refusal(&[&format!("{setting}={busy}")]).to_string();
        assert!(text.contains(&format!("port {} ({busy})", busy.port())), "{text}");
        assert!(text.contains(&format!("--set {setting}=")), "{text}");
    }
}

#[tokio::test]
async fn without_a_place_for_secrets_it_does_not_start_unless_it_needs_none() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let directory = format!("data.dir={:?}", file.path());
    let text = refusal(&[&directory]).to_string();
    assert!(text.contains("TURN has no credentials") && text.contains("--set data.dir="), "{text}");
    let text = refusal(&[&directory, "turn.secrets=a long enough secret"]).to_string();
    assert!(text.contains("self-signed certificate"), "{text}");
    serve_for_test(&[&directory, "turn.secrets=a long enough secret", "https.listen=off"]);
}

#[tokio::test]
async fn with_a_certificate_and_https_off_browsers_are_told_of_turn_over_tls_on_the_turn_port() {
    let files = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["call.example.org".to_owned()]).unwrap();
    fs::write(files.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(files.path().join("chain.pem"), made.cert.pem()).unwrap();
    let chain = format!("https.cert={:?}", files.path().join("chain.pem"));
    let key = format!("https.key={:?}", files.path().join("key.pem"));
    let server = serve_for_test(&["https.listen=off", "public.host=call.example.org", &chain, &key]);
    let turn = server.addresses().turn_tcp[0];
    let urls = get(server.http(), "/api/v1/ice", &[]).await.json()["iceServers"][0]["urls"].clone();
    assert_eq!(urls[2], format!("turns:call.example.org:{}?transport=tcp", turn.port()));
    assert_eq!(tls_connect(turn, &["stun.turn"]).await.get_ref().1.alpn_protocol(), Some(b"stun.turn".as_slice()));
    let server = serve_for_test(&["https.listen=off"]);
    let urls = get(server.http(), "/api/v1/ice", &[]).await.json()["iceServers"][0]["urls"].clone();
    assert_eq!(urls.as_array().unwrap().len(), 2, "no TLS without a certificate: {urls}");
}

#[tokio::test]
async fn certificate_of_the_configuration_is_shown_and_a_new_one_is_taken_up_without_a_restart() {
    let files = tempfile::tempdir().unwrap();
    let write = || {
        let made = rcgen::generate_simple_self_signed(["call.example.org".to_owned()]).unwrap();
        fs::write(files.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        fs::write(files.path().join("chain.pem"), made.cert.pem()).unwrap();
        made.cert.der().to_vec()
    };
    let first = write();
    let chain = format!("https.cert={:?}", files.path().join("chain.pem"));
    let key = format!("https.key={:?}", files.path().join("key.pem"));
    let server = serve_for_test(&[&chain, &key]);
    let shown = || async {
        let stream = tls_connect(server.https(), &[]).await;
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    };
    assert_eq!(shown().await, first);
    assert!(!server.server.has_self_signed_certificate());
    assert!(!server.directory.path().join("data/certificate.key").exists());
    let second = write();
    let deadline = Instant::now() + PATIENCE;
    while shown().await != second {
        assert!(Instant::now() < deadline, "the new certificate is not taken up");
    }
}

#[tokio::test]
async fn members_are_told_when_the_server_stops_and_every_connection_is_closed() {
    let server = serve_for_test(&[]);
    let mut idle = TcpStream::connect(server.https()).await.unwrap();
    let mut member = TcpStream::connect(server.http()).await.unwrap();
    let handshake = format!("GET /ws HTTP/1.1\r\nHost: {}\r\n{}\r\n\r\n", server.http(), HANDSHAKE.join("\r\n"));
    member.write_all(handshake.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    member.read_exact(&mut status).await.unwrap();
    let started = Instant::now();
    let (ended, ()) = tokio::join!(
        async {
            let mut rest = Vec::new();
            let _ = timeout(PATIENCE, member.read_to_end(&mut rest)).await.unwrap();
            rest
        },
        server.server.stop()
    );
    // A close frame (RFC 6455 §5.5.1) with 1001, "going away".
    assert!(ended.windows(2).any(|pair| pair == 1001_u16.to_be_bytes()), "{ended:?}");
    assert_eq!(timeout(PATIENCE, idle.read(&mut [0; 1])).await.unwrap().unwrap_or(0), 0);
    assert!(started.elapsed().as_secs() < 5);
}

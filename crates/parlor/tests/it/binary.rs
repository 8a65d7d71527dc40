//! The binary as its operator meets it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

pub(crate) fn parlor(directory: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.args(arguments).current_dir(directory.path()).env_clear();
    command
}

pub(crate) fn output(arguments: &[&str]) -> Output {
    parlor(&tempfile::tempdir().unwrap(), arguments).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

const FREE_PORTS: [&str; 10] = [
    "--set",
    "http.listen=127.0.0.1:0",
    "--set",
    "https.listen=127.0.0.1:0",
    "--set",
    "udp.listen=127.0.0.1:0",
    "--set",
    "stun.second_listen=off",
    "--set",
    "turn.tcp_listen=off",
];

/// Starts it and reads where it serves plain HTTP.
pub(crate) fn started(directory: &TempDir) -> (Child, String) {
    started_with(directory, &[], Stdio::null())
}

pub(crate) fn started_with(directory: &TempDir, settings: &[&str], log: Stdio) -> (Child, String) {
    let arguments = [FREE_PORTS.as_slice(), settings].concat();
    let mut child = parlor(directory, &arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("http://localhost:")).unwrap();
    let address = line.split("http://").nth(1).unwrap().trim().to_owned();
    (child, address)
}

#[test]
fn without_a_command_it_serves_and_ends_with_code_0_when_terminated_in_a_call() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, address) = started(&directory);
    let mut member = TcpStream::connect(&address).unwrap();
    member.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    member.write_all(format!("GET /ws HTTP/1.1\r\nHost: {address}\r\n{HANDSHAKE}\r\n\r\n").as_bytes()).unwrap();
    let mut status = [0; 12];
    member.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 101");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    // The member sees the end within its five seconds, and so does whoever waits for the process.
    member.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(directory.path().join("parlor-data/turn.secret").exists());
}

#[test]
fn tokens_and_turn_passwords_are_not_logged_even_where_everything_is() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let (mut child, address) = started_with(&directory, &["--set", "log=trace"], File::create(&log).unwrap().into());
    let mut member = TcpStream::connect(&address).unwrap();
    member.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!("GET /ws?token=SecretOfUrl HTTP/1.1\r\nHost: {address}\r\n{HANDSHAKE}\r\n\r\n");
    member.write_all(request.as_bytes()).unwrap();
    let join = br#"{"cmd":"join","v":2,"roomId":"r","uid":"u","token":"SecretOfMessage"}"#;
    // A whole text frame, masked with zeros (RFC 6455 §5.2).
    member.write_all(&[0x81, 0x80 | u8::try_from(join.len()).unwrap(), 0, 0, 0, 0]).unwrap();
    member.write_all(join).unwrap();
    let mut heard = String::new();
    let password = loop {
        let mut chunk = [0; 4096];
        let read = member.read(&mut chunk).unwrap();
        assert!(read > 0, "it closed after {heard}");
        heard.push_str(&String::from_utf8_lossy(&chunk[..read]));
        let after = heard.split("\"credential\":\"").nth(1).and_then(|rest| rest.split_once('"'));
        if let Some((password, _)) = after {
            break password.to_owned();
        }
    };
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("TRACE"), "{log}");
    for secret in ["SecretOfUrl", "SecretOfMessage", &password] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn second_instance_says_which_port_is_busy_and_how_to_change_it() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, address) = started(&directory);
    let port = address.rsplit(':').next().unwrap();
    let listen = format!("http.listen=127.0.0.1:{port}");
    let second = parlor(&directory, &[FREE_PORTS.as_slice(), &["--set", &listen]].concat()).output().unwrap();
    let complaint = text(&second.stderr);
    assert_ne!(second.status.code(), Some(0));
    assert!(complaint.contains(&format!("TCP port {port}")) && complaint.contains("--set http.listen="), "{complaint}");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn unknown_setting_is_refused_with_the_one_that_was_meant() {
    let refused = output(&["serve", "--set", "htp.listen=1"]);
    assert_eq!(refused.status.code(), Some(1));
    let complaint = text(&refused.stderr);
    assert!(complaint.contains("--set: htp.listen: no such setting; did you mean http.listen?"), "{complaint}");
}

#[test]
fn sample_lists_every_setting() {
    let sample = output(&["config"]);
    assert!(sample.status.success());
    let sample = text(&sample.stdout);
    for setting in server::config::SETTINGS {
        assert!(sample.contains(&format!("\n#{} = {}\n", setting.key, setting.default)), "{}", setting.key);
    }
}

#[test]
fn token_opens_the_room_it_was_made_for() {
    let key = "0123456789abcdef0123456789abcdef";
    let setting = format!("auth.keys={key}");
    let arguments = ["token", "--room", "board", "--uid", "ana", "--grant", "chat", "--ttl", "30m", "--set", &setting];
    let token = text(&output(&arguments).stdout);
    let keys = [room::token::Key::new("main", key).unwrap()];
    let claims = room::token::verify(&keys, token.trim(), server::clock::unix_time()).unwrap();
    assert_eq!((claims.room.as_str(), claims.uid.as_deref()), ("board", Some("ana")));
    assert_eq!(claims.grants, Some(vec!["chat".to_owned()]));
}

#[test]
fn token_without_keys_is_refused() {
    let refused = output(&["token", "--room", "board"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("auth.keys is not set"));
}

#[test]
fn strange_lifetime_of_a_token_is_refused_with_what_would_be_right() {
    let keys = "auth.keys=0123456789abcdef0123456789abcdef";
    for (lifetime, expected) in [
        ("12", "90s, 30m, 12h or 7d"),
        ("h", "90s, 30m, 12h or 7d"),
        ("-1h", "90s, 30m, 12h or 7d"),
        ("90ss", "90s, 30m, 12h or 7d"),
        ("1h30m", "90s, 30m, 12h or 7d"),
        ("0s", "from 1s to 3650d"),
        ("4000d", "from 1s to 3650d"),
    ] {
        let lifetime_argument = format!("--ttl={lifetime}");
        let refused = output(&["token", "--room", "board", "--set", keys, &lifetime_argument]);
        let complaint = text(&refused.stderr);
        let place = format!("invalid value '{lifetime}' for '--ttl <TTL>'");
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{lifetime}: {complaint}");
        assert!(complaint.contains(&place) && complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn admin_prints_a_link_whose_token_the_server_believes() {
    let directory = tempfile::tempdir().unwrap();
    let refused = parlor(&directory, &["admin"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("start the server first"));
    assert!(!directory.path().join("parlor-data").exists());
    let (mut child, address) = started(&directory);
    let link = text(&parlor(&directory, &["admin"]).output().unwrap().stdout);
    let (page, token) = link.trim().split_once("#token=").unwrap();
    assert_eq!(page, "http://localhost:8080/admin");
    let mut asked = TcpStream::connect(&address).unwrap();
    asked.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let head =
        format!("GET /api/v1/stats HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close");
    asked.write_all(format!("{head}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    asked.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(r#""uptimeMs":"#), "{answer}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let named = ["admin", "--set", "public.host=call.example.org", "--set", "https.listen=443"];
    let link = text(&parlor(&directory, &named).output().unwrap().stdout);
    assert!(link.starts_with("https://call.example.org/admin#token="), "{link}");
}

#[test]
fn drain_prints_what_is_left_and_a_server_without_anything_left_ends_with_code_0() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, address) = started(&directory);
    let port = address.rsplit(':').next().unwrap();
    let listen = format!("http.listen=127.0.0.1:{port}");
    let drain = |argument: &[&str]| {
        let done = parlor(&directory, &[&["drain", "--set", &listen], argument].concat()).output().unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stdout)
    };
    assert!(drain(&["--status"]).starts_with(r#"{"draining":false,"#));
    let status = drain(&["--deadline", "30m"]);
    assert!(status.starts_with(r#"{"draining":true,"since":"#), "{status}");
    assert!(status.contains(r#""left":{"allocations":0,"members":0,"streams":0}"#), "{status}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_changed_file_is_taken_up_by_itself_and_on_sighup_and_the_log_says_what_became_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("parlor.toml");
    std::fs::write(&file, "limits.allocations = 5\n").unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let (mut child, _) = started_with(&directory, &config, Stdio::piped());
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut heard = |word: &str| log.find(|line| line.contains(word)).expect(word);
    std::fs::write(&file, "limits.allocations = 7\nlimits.rooms = 9\nturn.users = { ana = \"GeheimesWort\" }\n")
        .unwrap();
    let changed = heard("the configuration has changed");
    assert!(changed.ends_with("turn.users, limits.allocations") && !changed.contains("GeheimesWort"), "{changed}");
    assert!(heard("after a restart only").ends_with("limits.rooms"));
    std::fs::write(&file, "limits.allocations = \"many\"\n").unwrap();
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    heard("everything stays as it was");
    heard("limits.allocations: expected");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn sigusr1_drains_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, _) = started(&directory);
    kill_process(Pid::from_child(&child), Signal::USR1).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn sighup_reads_the_configuration_and_ends_a_server_only_when_its_terminal_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let log = open(name, OFlags::WRONLY | OFlags::NOCTTY, Mode::empty()).unwrap();
    let (mut child, _) = started_with(&directory, &[], log.into());
    let hang_up = || kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    hang_up();
    let mut lines = BufReader::new(File::from(terminal)).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("the configuration is as it was")));
    drop(lines);
    hang_up();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_the_reason() {
    let refused = output(&["play", "http://localhost:1/r/abc", "--record", "/dev/null/pictures"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("/dev/null/pictures cannot be made: Not a directory"), "{said}");
}

#[test]
fn help_names_the_commands_and_shows_examples() {
    let help = text(&output(&["--help"]).stdout);
    for word in ["serve", "config", "admin", "doctor", "drain", "token", "Examples:", "--set"] {
        assert!(help.contains(word), "{word}");
    }
}

use std::time::{Duration, Instant};

use bytes::Bytes;
use media::{Codec, Frame, MediaTime};

use super::{ASKING_BYTES_MAX, HANDSHAKE_MAX, Output, REQUEST_MAX, Refusal, SILENCE_MAX, STREAMS_MAX, ServerSession};
use crate::StreamAddress;
use crate::flv::{frame_body, timestamp_ms};
use crate::rtmp::amf0::Value;
use crate::rtmp::command::{Command, command, control, user_control};
use crate::rtmp::{
    ChunkReader, ClientOutput, ClientSession, Message, PLAY_STREAM, Purpose, RtmpError, chunk, kind, message,
};

#[expect(clippy::disallowed_methods, reason = "tests take their epoch once")]
fn epoch() -> Instant {
    Instant::now()
}

/// A server, and what reads its answers.
struct Wire {
    server: ServerSession,
    now: Instant,
    answers: ChunkReader,
    /// Bytes of S0, S1 and S2 that are still to come.
    handshake_bytes: usize,
    /// What the server wants done besides sending.
    outputs: Vec<Output>,
}

impl Wire {
    /// With the handshake done, and connected when there is an application.
    fn new(app: Option<&str>) -> Self {
        let now = epoch();
        let server = ServerSession::new([7; 32], now);
        let mut wire =
            Self { server, now, answers: ChunkReader::new(), handshake_bytes: 1 + 2 * 1536, outputs: Vec::new() };
        let mut hello = vec![3];
        hello.resize(1 + 2 * 1536, 0);
        wire.say(&hello);
        if let Some(app) = app {
            let names = wire.ask("connect", 1.0, &[Value::object([("app", app.into())])]);
            assert_eq!(names, ["_result NetConnection.Connect.Success"]);
        }
        wire
    }

    fn say(&mut self, bytes: &[u8]) -> Vec<Message> {
        self.try_say(bytes).expect("the server goes on")
    }

    fn try_say(&mut self, bytes: &[u8]) -> Result<Vec<Message>, RtmpError> {
        let result = self.server.handle_bytes(self.now, bytes);
        let answers = self.drain();
        result.map(|()| answers)
    }

    fn drain(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(output) = self.server.poll_output() {
            let Output::Send(bytes) = output else {
                self.outputs.push(output);
                continue;
            };
            let of_handshake = self.handshake_bytes.min(bytes.len());
            self.handshake_bytes -= of_handshake;
            self.answers.handle_bytes(&bytes[of_handshake..]);
            while let Some(message) = self.answers.next_message().expect("our own chunks") {
                messages.push(message);
            }
        }
        messages
    }

    /// Sends a command; returns the names of the answers with their codes.
    fn ask(&mut self, name: &str, transaction: f64, values: &[Value]) -> Vec<String> {
        let messages = self.say(&in_small_chunks(&command(1, name, transaction, values)));
        codes(&messages)
    }

    fn ask_to(&mut self, what: &str, stream: &str) -> Vec<String> {
        self.ask("createStream", 2.0, &[Value::Null]);
        self.ask(what, 3.0, &[Value::Null, stream.into(), "live".into()])
    }

    fn answers(&mut self) -> Vec<String> {
        let messages = self.drain();
        codes(&messages)
    }
}

/// Our writer's chunks are longer than what a client may send at first.
fn in_small_chunks(bytes: &Bytes) -> Vec<u8> {
    let mut reader = ChunkReader::new();
    reader.handle_bytes(&control(kind::SET_CHUNK_SIZE, 60_000));
    reader.handle_bytes(bytes);
    let message = reader.next_message().expect("a message").expect("a whole one");
    let mut small = bytes::BytesMut::new();
    chunk::append(&mut small, 128, message.kind, message.timestamp_ms, message.stream, &message.payload);
    small.to_vec()
}

fn codes(messages: &[Message]) -> Vec<String> {
    let commands = messages.iter().filter(|message| message.kind == kind::COMMAND);
    let code = |message: &Message| {
        let command = Command::parse(message).expect("a command");
        let code = command.property(1, "code").and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{} {code}", command.name).trim().to_owned()
    };
    commands.map(code).collect()
}

fn sound(ms: i64) -> Frame {
    let dts = MediaTime::from_millis(ms);
    Frame { codec: Codec::Opus, pts: dts, dts, is_key: true, data: Bytes::from_static(b"sound") }
}

fn sound_message(ms: i64) -> Bytes {
    let frame = sound(ms);
    message(kind::AUDIO, timestamp_ms(frame.dts), 1, &frame_body(&frame))
}

#[test]
fn a_publisher_is_asked_about_then_heard_and_its_end_is_told() {
    let mut wire = Wire::new(Some("live?vhost=a"));
    assert_eq!(wire.ask("releaseStream", 2.0, &[Value::Null, "s".into()]), ["_result"]);
    assert_eq!(wire.ask_to("publish", "s?token=1"), Vec::<String>::new());
    let address = StreamAddress::parse("/live/s?vhost=a&token=1").expect("an address");
    assert_eq!(wire.outputs, [Output::Publish(address)]);
    wire.server.accept_publish(wire.now).expect("nothing is wrong");
    assert_eq!(wire.answers(), ["onStatus NetStream.Publish.Start"]);
    wire.outputs.clear();
    wire.say(&sound_message(20));
    assert!(matches!(wire.outputs[..], [Output::Parameters(_), Output::Frame(_)]), "{:?}", wire.outputs);
    assert_eq!(wire.outputs.pop(), Some(Output::Frame(sound(20))));
    assert_eq!(wire.ask("deleteStream", 0.0, &[Value::Null, 1.0.into()]), ["onStatus NetStream.Unpublish.Success"]);
    assert_eq!(wire.outputs.pop(), Some(Output::Unpublish));
    assert!(wire.server.is_over());
}

#[test]
fn what_follows_a_request_waits_for_the_answer_to_it() {
    let mut wire = Wire::new(Some("live"));
    wire.ask("createStream", 2.0, &[Value::Null]);
    let publish = in_small_chunks(&command(1, "publish", 3.0, &[Value::Null, "s".into()]));
    wire.say(&[&publish[..], &sound_message(0)].concat());
    assert_eq!(wire.outputs.len(), 1, "the request alone: {:?}", wire.outputs);
    wire.server.accept_publish(wire.now).expect("nothing is wrong");
    wire.drain();
    assert_eq!(wire.outputs.last(), Some(&Output::Frame(sound(0))));
}

#[test]
fn a_client_that_waits_may_send_so_much_and_no_more() {
    let mut wire = Wire::new(Some("live"));
    wire.ask_to("play", "s");
    assert_eq!(wire.say(&vec![0; ASKING_BYTES_MAX]), vec![]);
    assert_eq!(wire.try_say(&[0]), Err(RtmpError::Impatient(ASKING_BYTES_MAX)));
}

#[test]
fn a_viewer_is_asked_about_then_plays_pauses_and_stops() {
    let mut wire = Wire::new(Some("live"));
    wire.ask_to("play", "s");
    assert!(matches!(wire.outputs[..], [Output::Play(_)]));
    wire.server.accept_play().expect("nothing is wrong");
    assert_eq!(wire.answers(), ["onStatus NetStream.Play.Reset", "onStatus NetStream.Play.Start"]);
    assert_eq!(wire.server.play_stream(), Some(PLAY_STREAM));
    let pause = |pauses| [Value::Null, Value::Boolean(pauses), 0.0.into()];
    assert_eq!(wire.ask("pause", 0.0, &pause(true)), ["onStatus NetStream.Pause.Notify"]);
    assert_eq!(wire.ask("pause", 0.0, &pause(false)), ["onStatus NetStream.Unpause.Notify"]);
    assert_eq!(wire.ask("seek", 0.0, &[Value::Null, 0.0.into()]), ["onStatus NetStream.Seek.Failed"]);
    wire.ask("closeStream", 0.0, &[Value::Null]);
    assert_eq!(wire.outputs[1..], [Output::Pause(true), Output::Pause(false), Output::Stop]);
}

#[test]
fn a_play_that_the_server_ends_says_so() {
    let mut wire = Wire::new(Some("live"));
    wire.ask_to("play", "s");
    wire.server.accept_play().expect("nothing is wrong");
    wire.drain();
    wire.server.end_play("the stream is over");
    assert_eq!(wire.answers(), ["onStatus NetStream.Play.UnpublishNotify"]);
    assert!(wire.server.is_over());
}

#[test]
fn every_refusal_has_its_code() {
    for (what, refusal, code) in [
        ("publish", Refusal::Taken, "NetStream.Publish.BadName"),
        ("publish", Refusal::Denied, "NetStream.Publish.Denied"),
        ("publish", Refusal::Full, "NetStream.Publish.Failed"),
        ("publish", Refusal::Rejected, "NetStream.Publish.Rejected"),
        ("play", Refusal::Rejected, "NetStream.Play.Failed"),
        ("play", Refusal::NotFound, "NetStream.Play.StreamNotFound"),
        ("play", Refusal::Denied, "NetStream.Play.Failed"),
        ("play", Refusal::Full, "NetStream.Play.Failed"),
    ] {
        let mut wire = Wire::new(Some("live"));
        wire.ask_to(what, "s");
        wire.server.refuse(refusal, "no");
        assert_eq!(wire.answers(), [format!("onStatus {code}")]);
        assert!(wire.server.is_over());
    }
}

#[test]
fn what_cannot_be_done_is_answered_with_an_error() {
    let mut wire = Wire::new(None);
    assert_eq!(wire.ask("createStream", 1.0, &[]), ["_error NetConnection.Connect.Rejected"]);
    assert_eq!(wire.ask("connect", 2.0, &[Value::Null]), ["_error NetConnection.Connect.Rejected"]);
    let mut wire = Wire::new(Some("live"));
    assert_eq!(wire.ask("dance", 2.0, &[]), ["_error NetConnection.Call.Failed"]);
    assert_eq!(wire.ask("dance", 0.0, &[]), Vec::<String>::new(), "no answer is wanted");
    assert_eq!(wire.ask_to("publish", ".."), ["onStatus NetStream.Publish.BadName"]);
}

#[test]
fn one_connection_has_one_publication_or_one_play() {
    let mut wire = Wire::new(Some("live"));
    wire.ask_to("publish", "s");
    wire.server.accept_publish(wire.now).expect("nothing is wrong");
    wire.drain();
    assert_eq!(wire.ask_to("publish", "t"), ["onStatus NetStream.Publish.Failed"]);
    assert_eq!(wire.ask_to("play", "t"), ["onStatus NetStream.Play.Failed"]);
    assert_eq!(wire.outputs.len(), 1);
}

#[test]
fn a_codec_that_is_not_carried_ends_the_publication_with_its_reason() {
    let mut wire = Wire::new(Some("live"));
    wire.ask_to("publish", "s");
    wire.server.accept_publish(wire.now).expect("nothing is wrong");
    wire.drain();
    let speex = message(kind::AUDIO, 0, 1, &[0xb2, 1]);
    assert!(matches!(wire.server.handle_bytes(wire.now, &speex), Err(RtmpError::Flv(_))));
    assert_eq!(wire.answers(), ["onStatus NetStream.Publish.Rejected"]);
}

#[test]
fn a_client_may_have_so_many_streams_and_no_more() {
    let mut wire = Wire::new(Some("live"));
    let create = in_small_chunks(&command(0, "createStream", 2.0, &[Value::Null]));
    for _ in 0..STREAMS_MAX {
        wire.say(&create);
    }
    wire.ask("deleteStream", 0.0, &[Value::Null, 3.0.into()]);
    wire.say(&create);
    assert_eq!(wire.try_say(&create), Err(RtmpError::Streams(STREAMS_MAX)));
}

#[test]
fn every_stage_has_its_deadline() {
    let start = epoch();
    let mut silent = ServerSession::new([7; 32], start);
    let late = |session: &mut ServerSession, deadline: Instant| {
        assert_eq!(session.poll_timeout(), Some(deadline));
        let before = deadline.checked_sub(Duration::from_millis(1)).expect("a time");
        (session.handle_timeout(before), session.handle_timeout(deadline))
    };
    assert_eq!(late(&mut silent, start + HANDSHAKE_MAX), (Ok(()), Err(RtmpError::TimedOut)));
    let mut wire = Wire::new(Some("live"));
    let now = wire.now;
    assert_eq!(late(&mut wire.server, now + REQUEST_MAX), (Ok(()), Err(RtmpError::TimedOut)));
    wire.ask_to("publish", "s");
    wire.server.accept_publish(now).expect("nothing is wrong");
    wire.now = now + Duration::from_secs(5);
    wire.say(&sound_message(0));
    assert_eq!(late(&mut wire.server, wire.now + SILENCE_MAX), (Ok(()), Err(RtmpError::TimedOut)));
}

#[test]
fn bytes_are_acknowledged_once_for_each_window_and_pings_at_once() {
    let mut wire = Wire::new(Some("live"));
    wire.say(&control(kind::WINDOW_ACKNOWLEDGEMENT_SIZE, 5000));
    let kinds = |messages: Vec<Message>| messages.iter().map(|message| message.kind).collect::<Vec<_>>();
    assert_eq!(kinds(wire.say(&user_control(6, 9))), [kind::USER_CONTROL]);
    let acknowledged: usize = (0..100)
        .map(|_| kinds(wire.say(&control(kind::ACKNOWLEDGEMENT, 0))))
        .map(|kinds| kinds.iter().filter(|&&kind| kind == kind::ACKNOWLEDGEMENT).count())
        .sum();
    // 3073 bytes of handshake count, too: 100 messages of 16 bytes fill the window once.
    assert_eq!(acknowledged, 0);
    wire.say(&control(kind::WINDOW_ACKNOWLEDGEMENT_SIZE, 1000));
    let acknowledged: usize = (0..100)
        .map(|_| kinds(wire.say(&control(kind::ACKNOWLEDGEMENT, 0))))
        .map(|kinds| kinds.iter().filter(|&&kind| kind == kind::ACKNOWLEDGEMENT).count())
        .sum();
    assert_eq!(acknowledged, 2);
}

/// Lets client and server talk until neither has anything to say.
fn talk(client: &mut ClientSession, server: &mut ServerSession, now: Instant) -> (Vec<ClientOutput>, Vec<Output>) {
    let (mut of_client, mut of_server) = (Vec::new(), Vec::new());
    loop {
        let mut is_quiet = true;
        while let Some(output) = client.poll_output() {
            is_quiet = false;
            if let ClientOutput::Send(bytes) = output {
                server.handle_bytes(now, &bytes).expect("the client keeps the rules");
            } else {
                of_client.push(output);
            }
        }
        while let Some(output) = server.poll_output() {
            is_quiet = false;
            match output {
                Output::Send(bytes) => client.handle_bytes(&bytes).expect("the server keeps the rules"),
                Output::Publish(_) => server.accept_publish(now).expect("nothing is wrong"),
                Output::Play(_) => server.accept_play().expect("nothing is wrong"),
                Output::Parameters(_)
                | Output::Frame(_)
                | Output::Metadata(_)
                | Output::Unpublish
                | Output::Pause(_)
                | Output::Stop => of_server.push(output),
            }
        }
        if is_quiet {
            return (of_client, of_server);
        }
    }
}

#[test]
fn our_client_publishes_to_our_server_and_plays_from_it() {
    let now = epoch();
    let pair = |purpose| {
        let client = ClientSession::new(purpose, "rtmp://localhost:1935", "live", "s?token=1", [1; 32]);
        (client, ServerSession::new([2; 32], now))
    };
    let (mut client, mut server) = pair(Purpose::Publish);
    let (ready, _) = talk(&mut client, &mut server, now);
    assert_eq!(ready, [ClientOutput::Ready { stream: 1 }]);
    server.handle_bytes(now, &sound_message(20)).expect("a sound");
    assert!(matches!(server.poll_output(), Some(Output::Parameters(_))));
    assert_eq!(server.poll_output(), Some(Output::Frame(sound(20))));

    let (mut client, mut server) = pair(Purpose::Play);
    let (ready, _) = talk(&mut client, &mut server, now);
    assert_eq!(ready, [ClientOutput::Ready { stream: 1 }]);
    client.handle_bytes(&sound_message(40)).expect("a sound");
    assert!(matches!(client.poll_output(), Some(ClientOutput::Parameters(_))));
    assert_eq!(client.poll_output(), Some(ClientOutput::Frame(sound(40))));
    server.end_play("over");
    assert_eq!(talk(&mut client, &mut server, now).0, [ClientOutput::Ended]);
}

#[test]
fn a_client_hears_why_it_is_refused() {
    let now = epoch();
    let mut client = ClientSession::new(Purpose::Publish, "rtmp://localhost", "live", "s", [1; 32]);
    let mut server = ServerSession::new([2; 32], now);
    let refused = loop {
        while let Some(ClientOutput::Send(bytes)) = client.poll_output() {
            server.handle_bytes(now, &bytes).expect("the client keeps the rules");
        }
        match server.poll_output() {
            Some(Output::Send(bytes)) => {
                if let Err(error) = client.handle_bytes(&bytes) {
                    break error;
                }
            }
            Some(Output::Publish(_)) => server.refuse(Refusal::Taken, "somebody else does"),
            other => panic!("{other:?}"),
        }
    };
    let code = "NetStream.Publish.BadName".to_owned();
    assert_eq!(refused, RtmpError::Refused { code, description: "somebody else does".to_owned() });
}

#[test]
fn our_client_says_when_it_is_done_and_the_server_ends_the_publication() {
    let now = epoch();
    let mut client = ClientSession::new(Purpose::Publish, "rtmp://localhost", "live", "s", [1; 32]);
    let mut server = ServerSession::new([2; 32], now);
    talk(&mut client, &mut server, now);
    client.finish();
    let (of_client, of_server) = talk(&mut client, &mut server, now);
    assert_eq!((of_client, of_server), (vec![ClientOutput::Ended], vec![Output::Unpublish]));
}

#[test]
fn our_client_knows_by_the_answer_to_connect_which_codecs_a_server_takes() {
    let names = |names: &[&str]| Value::Array(names.iter().map(|name| (*name).into()).collect());
    let flags = |name: &str| Value::Object(vec![(name.to_owned(), 4.0.into())]);
    let plain = [Codec::H264, Codec::Aac, Codec::Mp3];
    for (properties, taken) in [
        (vec![], vec![]),
        (vec![("fourCcList", names(&["hvc1", "what", "Opus"]))], vec![Codec::H265, Codec::Opus]),
        (
            vec![("videoFourCcInfoMap", flags("av01")), ("audioFourCcInfoMap", flags("Opus"))],
            vec![Codec::Av1, Codec::Opus],
        ),
        (vec![("fourCcList", names(&["*"]))], vec![Codec::H265, Codec::Av1, Codec::Vp8, Codec::Vp9, Codec::Opus]),
        (vec![("fourCcList", "hvc1".into())], vec![]),
    ] {
        let mut client = ClientSession::new(Purpose::Publish, "rtmp://localhost", "live", "s", [1; 32]);
        let mut hello = vec![3];
        hello.resize(1 + 2 * 1536, 0);
        client.handle_bytes(&hello).expect("a handshake");
        let object = Value::Object(properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        client.handle_bytes(&in_small_chunks(&command(0, "_result", 1.0, &[object, Value::Null]))).expect("an answer");
        for codec in [Codec::H265, Codec::Av1, Codec::Vp8, Codec::Vp9, Codec::Opus] {
            assert_eq!(client.takes(codec), taken.contains(&codec), "{codec}");
        }
        assert!(plain.iter().all(|codec| client.takes(*codec)));
    }
}

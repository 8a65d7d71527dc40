//! The commands of a client.

use super::super::amf0::Value;
use super::super::command::{self, Command, control, status};
use super::super::{RtmpError, chunk, kind};
use super::{Output, Refusal, Request, Role, STREAMS_MAX, ServerSession, WINDOW_BYTES, our_chunk_size};
use crate::StreamAddress;
use crate::flv::FOURCCS;

impl ServerSession {
    pub(super) fn handle_command(&mut self, request: &Command, stream: u32) -> Result<(), RtmpError> {
        match request.name.as_str() {
            "connect" => self.connect(request),
            _ if self.app.is_none() => self.answer(request, false, "connect comes first"),
            "createStream" => self.create_stream(request)?,
            "publish" => self.ask(Request::Publish, request, stream),
            "play" | "play2" => self.ask(Request::Play, request, stream),
            "pause" => self.pause(request, stream),
            "closeStream" => self.end_stream(stream),
            "deleteStream" => {
                let named = request.value(1).and_then(Value::as_number).and_then(stream_id);
                let stream = named.unwrap_or(stream);
                self.streams.remove(&stream);
                self.end_stream(stream);
            }
            "FCUnpublish" => {
                if let Role::Publisher { stream, .. } = self.role {
                    self.end_stream(stream);
                }
                self.answer(request, true, "");
            }
            // Live streams have no end that is known.
            "getStreamLength" => {
                self.send(command::command(0, "_result", request.transaction, &[Value::Null, 0.0.into()]));
            }
            "releaseStream" | "FCPublish" | "FCSubscribe" | "_checkbw" => {
                self.answer(request, true, "");
            }
            "seek" => self.send(status(stream, "error", "NetStream.Seek.Failed", "live streams have no past")),
            _ => self.answer(request, false, "this command is not known"),
        }
        Ok(())
    }

    /// §7.2.1.1
    fn connect(&mut self, request: &Command) {
        let app = request.property(0, "app").and_then(Value::as_str).unwrap_or_default();
        if app.trim_matches('/').is_empty() {
            return self.answer(request, false, "connect names no application");
        }
        let text = |name| request.property(0, name).and_then(Value::as_str).unwrap_or_default().to_owned();
        (self.tc_url, self.page_url) = (text("tcUrl"), text("pageUrl"));
        self.app = Some(app.to_owned());
        self.send(our_chunk_size());
        self.send(control(kind::WINDOW_ACKNOWLEDGEMENT_SIZE, WINDOW_BYTES));
        // With the limit type 2, dynamic (§5.4.5).
        let [a, b, c, d] = WINDOW_BYTES.to_be_bytes();
        self.send(chunk::message(kind::SET_PEER_BANDWIDTH, 0, 0, &[a, b, c, d, 2]));
        let mut properties = vec![
            // What clients look for to know what they may ask: the version of Flash Media Server that had all of it.
            ("fmsVer".to_owned(), Value::from("FMS/3,5,3,888")),
            ("capabilities".to_owned(), Value::from(127.0)),
            ("mode".to_owned(), Value::from(1.0)),
        ];
        if request.property(0, "fourCcList").is_some() {
            let fourccs = FOURCCS.iter().map(|(fourcc, _)| Value::String(fourcc.escape_ascii().to_string()));
            properties.push(("fourCcList".to_owned(), Value::Array(fourccs.collect())));
        }
        let information = Value::object([
            ("level", "status".into()),
            ("code", "NetConnection.Connect.Success".into()),
            ("description", "connected".into()),
            ("objectEncoding", 0.0.into()),
        ]);
        self.send(command::command(0, "_result", request.transaction, &[Value::Object(properties), information]));
    }

    /// §7.2.1.3
    fn create_stream(&mut self, request: &Command) -> Result<(), RtmpError> {
        if self.streams.len() >= STREAMS_MAX {
            return Err(RtmpError::Streams(STREAMS_MAX));
        }
        let free = (1..).find(|stream| !self.streams.contains(stream)).unwrap_or(1);
        self.streams.insert(free);
        self.send(command::command(0, "_result", request.transaction, &[Value::Null, f64::from(free).into()]));
        Ok(())
    }

    /// §7.2.2.1, §7.2.2.6: asks for leave to publish or play.
    fn ask(&mut self, to: Request, request: &Command, stream: u32) {
        if !matches!(self.role, Role::Visitor) {
            let code = if to == Request::Publish { "NetStream.Publish.Failed" } else { "NetStream.Play.Failed" };
            return self.send(status(stream, "error", code, "one stream for each connection"));
        }
        self.role = Role::Asking { to, stream };
        let app = self.app.as_deref().unwrap_or_default();
        match StreamAddress::join(app, request.text(1)) {
            Ok(address) if to == Request::Publish => self.outputs.push_back(Output::Publish(address)),
            Ok(address) => self.outputs.push_back(Output::Play(address)),
            Err(error) => self.refuse(Refusal::NotFound, &error.to_string()),
        }
    }

    /// §7.2.2.8
    fn pause(&mut self, request: &Command, stream: u32) {
        if self.play_stream() != Some(stream) {
            return;
        }
        let pauses = request.value(1) == Some(&Value::Boolean(true));
        self.outputs.push_back(Output::Pause(pauses));
        let code = if pauses { "NetStream.Pause.Notify" } else { "NetStream.Unpause.Notify" };
        self.send(status(stream, "status", code, "as asked"));
    }

    /// The client publishes or plays no longer on this message stream; on another it may begin anew.
    fn end_stream(&mut self, ended: u32) {
        match &self.role {
            Role::Publisher { stream, .. } if *stream == ended => {
                self.outputs.push_back(Output::Unpublish);
                self.send(status(ended, "status", "NetStream.Unpublish.Success", "the stream is off air"));
            }
            Role::Viewer { stream } if *stream == ended => self.outputs.push_back(Output::Stop),
            Role::Visitor | Role::Asking { .. } | Role::Publisher { .. } | Role::Viewer { .. } | Role::Gone => return,
        }
        self.role = Role::Gone;
    }

    /// `_result` or `_error`, when an answer is wanted.
    fn answer(&mut self, request: &Command, is_good: bool, description: &str) {
        if is_good {
            self.send(command::command(0, "_result", request.transaction, &[Value::Null, Value::Null]));
        } else if request.transaction != 0.0 {
            let code = if request.name == "connect" || self.app.is_none() {
                "NetConnection.Connect.Rejected"
            } else {
                "NetConnection.Call.Failed"
            };
            let information =
                Value::object([("level", "error".into()), ("code", code.into()), ("description", description.into())]);
            self.send(command::command(0, "_error", request.transaction, &[Value::Null, information]));
        }
    }
}

/// A number that can be one.
fn stream_id(number: f64) -> Option<u32> {
    (1..=u32::try_from(STREAMS_MAX).unwrap_or(1)).find(|&stream| f64::from(stream) == number)
}

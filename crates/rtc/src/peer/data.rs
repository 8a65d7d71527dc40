//! Data channels of a peer: SCTP packets go into DTLS records and come out of them.

use std::time::Instant;

use super::{Output, Peer};
use crate::data::{self, ChannelId, DataChannels, LostReason, MessageKind, SendError};
use crate::dtls::Event;
use crate::error::DisconnectReason;
use crate::session::{Answer, Media};

impl Peer {
    /// Sends a message on a channel that the client has opened.
    ///
    /// # Errors
    /// When there is no such channel, and when the message is too long or too many wait. Nothing is sent then.
    pub fn send_data(
        &mut self,
        now: Instant,
        channel: ChannelId,
        kind: MessageKind,
        bytes: &[u8],
    ) -> Result<(), SendError> {
        let data = self.data.as_mut().filter(|_| !self.over).ok_or(SendError::UnknownChannel)?;
        data.send(now, channel, kind, bytes)?;
        self.drain_data();
        Ok(())
    }

    /// Closes a channel; `DataClosed` follows when the client has closed its side.
    pub fn close_data(&mut self, now: Instant, channel: ChannelId) {
        self.handle_data(|data| data.close_channel(now, channel));
    }

    /// Bytes on data channels that wait to be sent or acknowledged.
    #[must_use]
    pub fn data_buffered_bytes(&self) -> usize {
        self.data.as_ref().map_or(0, |data| data.buffered_bytes())
    }

    pub(super) fn negotiate_data(&mut self, answer: &Answer) {
        let parameters = answer.media.iter().find_map(|media| match media {
            Media::Data(parameters) => Some(*parameters),
            Media::Receive(_) | Media::Send(_) | Media::Both(..) | Media::Off => None,
        });
        match (parameters, &mut self.data) {
            (Some(parameters), Some(data)) => data.renegotiate(parameters),
            (Some(parameters), None) => self.data = Some(Box::new(DataChannels::new(parameters))),
            (None, _) => {
                let gone = self.data.take();
                let channels = gone.iter().flat_map(|gone| gone.channels());
                self.outputs.extend(channels.map(|channel| Output::DataClosed { channel }));
            }
        }
    }

    pub(super) fn handle_data(&mut self, input: impl FnOnce(&mut DataChannels)) {
        if let Some(data) = self.data.as_mut().filter(|_| !self.over) {
            input(data);
            self.drain_data();
        }
    }

    pub(super) fn drain_data(&mut self) {
        if self.over {
            return;
        }
        let (Some(data), Some(dtls)) = (&mut self.data, &mut self.dtls) else { return };
        let (path, outputs) = (self.ice.consenting(), &mut self.outputs);
        let mut over = None;
        while let Some(output) = data.poll_output() {
            match output {
                data::Output::Packet(packet) => {
                    dtls.send(&packet);
                    while let Some(event) = dtls.poll_event() {
                        if let (Event::Transmit(datagram), Some(path)) = (event, path) {
                            outputs.push_back(Output::Transmit { path, datagram });
                        }
                    }
                }
                data::Output::Opened { channel, label, delivery } => {
                    outputs.push_back(Output::DataOpened { channel, label, delivery });
                }
                data::Output::Message { channel, kind, bytes } => {
                    outputs.push_back(Output::Data { channel, kind, bytes });
                }
                data::Output::Closed { channel } => outputs.push_back(Output::DataClosed { channel }),
                data::Output::Lost { reason: LostReason::Association(_) } => {}
                data::Output::Lost { reason: LostReason::TooManyChannels { .. } } => {
                    over = Some(DisconnectReason::TooManyChannels);
                }
            }
        }
        if let Some(reason) = over {
            self.end(reason);
        }
    }
}

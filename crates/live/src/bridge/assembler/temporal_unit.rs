//! A temporal unit of AV1 in the making (RTP Payload Format For AV1, §4).

use media::av1::{Obu, Obus, SequenceHeader, read_leb128};
use rtp::payload::av1::AggregationHeader;
use rtp::payload::units::ACCESS_UNIT_BYTES_MAX;

use super::picture::{Broken, Whole};

/// The OBUs so far.
#[derive(Debug, Default)]
pub(super) struct TemporalUnit {
    /// In the low-overhead format, without delimiters.
    data: Vec<u8>,
    /// The beginning of an OBU that goes on in the next packet.
    open: Option<Vec<u8>>,
    is_new_sequence: bool,
}

impl TemporalUnit {
    pub(super) fn add(&mut self, payload: &[u8]) -> Result<(), Broken> {
        let (head, mut rest) = AggregationHeader::parse(payload).zip(payload.get(1..)).ok_or(Broken)?;
        if head.starts_with_continuation != self.open.is_some() {
            return Err(Broken);
        }
        self.is_new_sequence |= head.is_key_frame();
        let mut left = head.obu_count;
        while !rest.is_empty() {
            // Where they are counted, the last has no length.
            let element = if head.obu_count > 0 && left == 1 {
                std::mem::take(&mut rest)
            } else {
                let (length, behind) = read_leb128(rest)?;
                let (element, behind) = behind.split_at_checked(length).ok_or(Broken)?;
                rest = behind;
                element
            };
            left = left.saturating_sub(1);
            self.add_element(element, rest.is_empty() && head.ends_with_fragment)?;
        }
        Ok(())
    }

    fn add_element(&mut self, element: &[u8], goes_on: bool) -> Result<(), Broken> {
        let known = self.data.len().saturating_add(self.open.as_ref().map_or(0, Vec::len));
        if known.saturating_add(element.len()) > ACCESS_UNIT_BYTES_MAX {
            return Err(Broken);
        }
        let mut whole = self.open.take().unwrap_or_default();
        whole.extend_from_slice(element);
        if goes_on {
            self.open = Some(whole);
            return Ok(());
        }
        if whole.is_empty() {
            return Ok(());
        }
        let (obu, _) = Obu::parse(&whole)?;
        if obu.is_carried() {
            obu.write(&mut self.data);
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// `None` if nothing is there or its end is missing.
    pub(super) fn take(&mut self) -> Option<Whole> {
        let Self { data, open, is_new_sequence } = std::mem::take(self);
        if data.is_empty() || open.is_some() {
            return None;
        }
        let sequence = SequenceHeader::find(Obus::new(&data)).filter(|_| is_new_sequence);
        let parameters = sequence.map(|(obu, header)| (header.record(obu).into(), header.shape()));
        Some(Whole { is_key: is_new_sequence, data, parameters })
    }
}

#[cfg(test)]
mod tests;

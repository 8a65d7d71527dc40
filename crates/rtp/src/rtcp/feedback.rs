//! Feedback about one stream: NACK, PLI (RFC 4585 §6), FIR (RFC 5104 §4.3.1), and REMB.

use crate::ParseError;
use crate::reader::Reader;

/// Packets that a receiver misses (RFC 4585 §6.2.1).
#[derive(Debug, Clone, Copy)]
pub struct Nack<'a> {
    /// Who misses them.
    pub sender_ssrc: u32,
    /// Of which stream.
    pub media_ssrc: u32,
    pairs: &'a [[u8; 4]],
}

/// Sequence numbers of a [`Nack`] in its order: 17 at most for each four bytes.
#[derive(Debug, Clone)]
pub struct LostNumbers<'a> {
    pairs: std::slice::Iter<'a, [u8; 4]>,
    /// The number before the one that the lowest bit of `mask` stands for.
    number: u16,
    /// The numbers still to come of the current pair.
    mask: u32,
}

/// A receiver cannot go on without a key frame (RFC 4585 §6.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureLossIndication {
    /// Who asks.
    pub sender_ssrc: u32,
    /// Of which stream.
    pub media_ssrc: u32,
}

/// Somebody new needs a key frame (RFC 5104 §4.3.1).
#[derive(Debug, Clone, Copy)]
pub struct FullIntraRequest<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    entries: &'a [[u8; 8]],
}

/// The requests of a [`FullIntraRequest`]: stream, and a number that differs between requests and not between repetitions.
#[derive(Debug, Clone)]
pub struct FullIntraRequests<'a>(std::slice::Iter<'a, [u8; 8]>);

/// The rate that a receiver thinks its way has (`draft-alvestrand-rmcat-remb-03` §2.2).
#[derive(Debug, Clone, Copy)]
pub struct Remb<'a> {
    /// Who thinks so.
    pub sender_ssrc: u32,
    /// For all streams together.
    pub bitrate_bps: u64,
    streams: &'a [[u8; 4]],
}

impl<'a> Nack<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let (sender_ssrc, media_ssrc) = (reader.u32()?, reader.u32()?);
        let (pairs, _) = reader.rest().as_chunks();
        Ok(Self { sender_ssrc, media_ssrc, pairs })
    }

    /// Which packets.
    #[must_use]
    pub fn lost(&self) -> LostNumbers<'a> {
        LostNumbers { pairs: self.pairs.iter(), number: 0, mask: 0 }
    }
}

impl Iterator for LostNumbers<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask == 0 {
            let [a, b, c, d] = *self.pairs.next()?;
            // The first number and the mask of the sixteen behind it become one mask of seventeen.
            self.number = u16::from_be_bytes([a, b]).wrapping_sub(1);
            self.mask = (u32::from(u16::from_be_bytes([c, d])) << 1) | 1;
        }
        let step = self.mask.trailing_zeros().saturating_add(1);
        self.mask = self.mask.checked_shr(step).unwrap_or(0);
        let step = step as u16;
        self.number = self.number.wrapping_add(step);
        Some(self.number)
    }
}

impl PictureLossIndication {
    pub(super) fn read(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        Ok(Self { sender_ssrc: reader.u32()?, media_ssrc: reader.u32()? })
    }
}

impl<'a> FullIntraRequest<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        // The media SSRC of the common header is not used (RFC 5104 §4.3.1.1).
        let (sender_ssrc, _) = (reader.u32()?, reader.u32()?);
        let (entries, _) = reader.rest().as_chunks();
        Ok(Self { sender_ssrc, entries })
    }

    /// Which streams.
    #[must_use]
    pub fn requests(&self) -> FullIntraRequests<'a> {
        FullIntraRequests(self.entries.iter())
    }
}

impl Iterator for FullIntraRequests<'_> {
    type Item = (u32, u8);

    fn next(&mut self) -> Option<(u32, u8)> {
        let [a, b, c, d, number, ..] = *self.0.next()?;
        Some((u32::from_be_bytes([a, b, c, d]), number))
    }
}

impl<'a> Remb<'a> {
    /// Other application messages share the format.
    pub(super) fn is_one(body: &[u8]) -> bool {
        body.get(8..12) == Some(REMB_NAME)
    }

    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let (sender_ssrc, _, _) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let count = reader.u8()?;
        let rate = reader.u24()?;
        let (exponent, mantissa) = (rate >> 18, u64::from(rate & 0x3_ffff));
        // An exponent of up to 63 exceeds what 64 bits hold: such a rate is no limit at all.
        let fits = mantissa == 0 || exponent <= mantissa.leading_zeros();
        let bitrate_bps = if fits { mantissa.checked_shl(exponent).unwrap_or(0) } else { u64::MAX };
        let (all, _) = reader.rest().as_chunks();
        Ok(Self { sender_ssrc, bitrate_bps, streams: all.get(..usize::from(count)).ok_or(ParseError::Truncated)? })
    }

    /// Which streams share the rate.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.streams.iter().map(|bytes| u32::from_be_bytes(*bytes))
    }
}

/// The name by which an application message is known to be a REMB.
pub(super) const REMB_NAME: &[u8] = b"REMB";

//! Opus in Ogg (RFC 3533, RFC 7845).

use super::{Cursor, Entry};

/// The packets of sound with their lengths in 48,000ths of a second.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let mut cursor = Cursor(bytes);
    let mut packets = Vec::new();
    let mut packet = Vec::new();
    while !cursor.0.is_empty() {
        let Some(()) = read_page(&mut cursor, &mut packet, &mut packets) else {
            // A recording that was broken off ends within a page.
            if packets.is_empty() {
                return Err("this is no Ogg file".into());
            }
            break;
        };
    }
    if !packets.first().is_some_and(|first| first.starts_with(b"OpusHead")) {
        return Err("there is no Opus in it".into());
    }
    // RFC 7845 §5: the header and the comments.
    let sound = packets.into_iter().skip(2);
    Ok(sound.map(|data| Entry { length: u64::from(samples(&data)), data }).collect())
}

/// RFC 3533 §6.
fn read_page(cursor: &mut Cursor<'_>, packet: &mut Vec<u8>, packets: &mut Vec<Vec<u8>>) -> Option<()> {
    if cursor.take(4)? != b"OggS" {
        return None;
    }
    cursor.take(22)?;
    let count = *cursor.take(1)?.first()?;
    let lengths = cursor.take(usize::from(count))?;
    for length in lengths {
        packet.extend_from_slice(cursor.take(usize::from(*length))?);
        // A segment shorter than 255 ends the packet.
        if *length < 255 {
            packets.push(std::mem::take(packet));
        }
    }
    Some(())
}

/// How long an Opus packet lasts, in 48,000ths of a second (RFC 6716 §3.1 and §3.2); 20 ms for what is none.
fn samples(packet: &[u8]) -> u32 {
    let Some(&toc) = packet.first() else { return 960 };
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => packet.get(1).map_or(1, |byte| u32::from(byte & 0x3f)),
    };
    // RFC 6716 §3.4: at most 120 ms.
    (frame * count).clamp(120, 5760)
}

/// Writes a page for each packet, so that what is written is whole at any time.
#[derive(Debug)]
pub(super) struct Writer {
    granule: u64,
    pages: u32,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { granule: 0, pages: 0 }
    }

    /// The bytes to append for a packet of sound; the first one brings the headers along.
    pub(super) fn packet(&mut self, data: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        if self.pages == 0 {
            // RFC 7845 §5.1: version 1, two channels, no pre-skip, 48 kHz, no gain, family 0.
            let mut head = b"OpusHead\x01\x02\x00\x00".to_vec();
            head.extend(48_000_u32.to_le_bytes());
            head.extend([0, 0, 0]);
            output.extend(self.page(&head, FIRST_PAGE));
            output.extend(self.page(b"OpusTags\x06\x00\x00\x00parlor\x00\x00\x00\x00", 0));
        }
        self.granule += u64::from(samples(data));
        output.extend(self.page(data, 0));
        output
    }

    fn page(&mut self, data: &[u8], flags: u8) -> Vec<u8> {
        let mut page = b"OggS\x00".to_vec();
        page.push(flags);
        page.extend(self.granule.to_le_bytes());
        page.extend(SERIAL.to_le_bytes());
        page.extend(self.pages.to_le_bytes());
        page.extend([0; 4]);
        // A page holds 255 segments; a packet of sound from one datagram needs fewer.
        let whole = (data.len() / 255).min(254);
        let data = data.get(..whole * 255 + data.len().saturating_sub(whole * 255).min(254)).unwrap_or(data);
        page.push((whole + 1) as u8);
        page.extend(std::iter::repeat_n(255, whole));
        page.push((data.len() - whole * 255) as u8);
        page.extend_from_slice(data);
        let checksum = checksum(&page);
        page[22..26].copy_from_slice(&checksum.to_le_bytes());
        self.pages += 1;
        page
    }
}

/// RFC 3533 §6: a CRC of 32 bits without reflection.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            if crc & 0x8000_0000 == 0 { crc << 1 } else { (crc << 1) ^ 0x04c1_1db7 }
        })
    })
}

/// RFC 3533 §6: the beginning of the stream.
const FIRST_PAGE: u8 = 2;

/// There is one stream in a file.
const SERIAL: u32 = 1;

//! The record of a decoder, made from its parameter sets.

use super::{DecoderConfiguration, PPS_UNIT, PREFIX_SEI_UNIT, SPS_UNIT, Sps, VPS_UNIT};
use crate::nal::unescaped;

impl DecoderConfiguration<'_> {
    /// Makes the record, with lengths of 4 bytes. `None` when the first sequence parameter set is none, or when the sets are more or longer
    /// than a record can hold.
    #[must_use]
    pub fn record(&self) -> Option<Vec<u8>> {
        let first = self.sps.first()?;
        let sps = Sps::parse(first).ok()?;
        // Behind the unit's header stand the highest sub-layer and the profile, as the record wants it (§7.3.3).
        let payload = unescaped(first);
        let sub_layers = payload.get(2)?;
        let mut record = vec![1];
        record.extend_from_slice(payload.get(3..15)?);
        // Neither the least segmentation nor parallelism is known, nor a frame rate.
        record.extend_from_slice(&[
            0xf0,
            0,
            0xfc,
            0xfc | sps.chroma_format,
            0xf8 | sps.luma_depth,
            0xf8 | sps.chroma_depth,
            0,
            0,
        ]);
        let (layers, nested) = ((sub_layers >> 1 & 7) + 1, sub_layers & 1);
        record.push(layers.min(7) << 3 | nested << 2 | 3);
        let arrays =
            [(VPS_UNIT, &self.vps), (SPS_UNIT, &self.sps), (PPS_UNIT, &self.pps), (PREFIX_SEI_UNIT, &self.sei)];
        let arrays = arrays.into_iter().filter(|(_, units)| !units.is_empty());
        record.push(u8::try_from(arrays.clone().count()).ok()?);
        for (kind, units) in arrays {
            // All units of this kind are here, none in the stream.
            record.push(0x80 | kind);
            record.extend_from_slice(&u16::try_from(units.len()).ok()?.to_be_bytes());
            for unit in units {
                record.extend_from_slice(&u16::try_from(unit.len()).ok()?.to_be_bytes());
                record.extend_from_slice(unit);
            }
        }
        Some(record)
    }
}

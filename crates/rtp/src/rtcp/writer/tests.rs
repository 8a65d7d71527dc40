//! Packets that only others send.

use super::Writer;
use crate::rtcp::report::ITEM_CNAME;
use crate::rtcp::{GOODBYE, SOURCE_DESCRIPTION};

impl Writer<'_> {
    /// RFC 3550 §6.5, as others send it: one canonical name for these streams.
    pub(in crate::rtcp) fn source_description(&mut self, ssrcs: &[u32], cname: &[u8]) {
        self.packet(SOURCE_DESCRIPTION, ssrcs.len(), |output| {
            for ssrc in ssrcs {
                let start = output.len();
                output.extend(ssrc.to_be_bytes());
                output.extend([ITEM_CNAME, u8::try_from(cname.len()).unwrap()]);
                output.extend_from_slice(cname);
                // At least one zero ends the items.
                let used = output.len().saturating_sub(start).saturating_add(1);
                output.resize(start.saturating_add(used.next_multiple_of(4)), 0);
            }
            0
        });
    }

    /// RFC 3550 §6.6, as others send it.
    pub(in crate::rtcp) fn goodbye(&mut self, ssrcs: &[u32]) {
        self.packet(GOODBYE, ssrcs.len(), |output| {
            output.extend(ssrcs.iter().flat_map(|ssrc| ssrc.to_be_bytes()));
            0
        });
    }
}

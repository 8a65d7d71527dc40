//! Who gets which packet, rewritten how. Knows no sockets, no SDP and no encryption, only ids and packets.

#![deny(missing_docs)]

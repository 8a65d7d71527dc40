//! RTP and RTCP (RFC 3550): packets, header extensions, feedback, payload descriptors, and what a negotiation says about a stream.
//! No sockets, no clock, no state of a call.

#![deny(missing_docs)]

pub mod parameters;

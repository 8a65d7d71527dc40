//! What a datagram is, by its first bytes (RFC 7983 §7, RFC 5761 §4), and whom an ICE check is for.

/// The protocols on the one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// STUN: ICE checks, and everything of TURN but ChannelData.
    Stun,
    /// A DTLS record.
    Dtls,
    /// Media.
    Rtp,
    /// Reports about media.
    Rtcp,
    /// TURN ChannelData.
    TurnChannel,
    /// Nothing that is expected here.
    Unknown,
}

/// The class of a datagram. Looks at the first two bytes only; what follows may still be malformed.
#[must_use]
pub fn classify(datagram: &[u8]) -> Class {
    let &[first, second, ..] = datagram else { return Class::Unknown };
    // RFC 7983 §7, RFC 9443 §4.
    match first {
        0..=3 => Class::Stun,
        20..=63 => Class::Dtls,
        64..=79 => Class::TurnChannel,
        128..=191 => match second {
            RTCP_TYPE_MIN..=RTCP_TYPE_MAX => Class::Rtcp,
            _ => Class::Rtp,
        },
        _ => Class::Unknown,
    }
}

/// The username fragment of **this** end in an ICE check: what stands before the colon in USERNAME (RFC 8445 §7.2.2).
/// `None` when the datagram is no Binding request with a USERNAME of this form; then it is for the STUN server.
#[must_use]
pub fn ice_ufrag(datagram: &[u8]) -> Option<&[u8]> {
    let request = crate::ice::message::Binding::parse(datagram).ok()?;
    let username = request.username?;
    let colon = username.iter().position(|&byte| byte == b':')?;
    username.get(..colon)
}

/// RFC 5761 §4: packet types 192 to 223 with the marker bit's place.
const RTCP_TYPE_MIN: u8 = 192;
/// RFC 5761 §4.
const RTCP_TYPE_MAX: u8 = 223;

#[cfg(test)]
mod tests;

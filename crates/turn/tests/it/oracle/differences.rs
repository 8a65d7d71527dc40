//! In what the two servers differ, and why.

use super::{FORBIDDEN, Manner, Operation, Outcome, Request, TCP, UNHEARD_OF};

/// Why the two do not do the same.
pub(super) struct Difference {
    /// The RFC's section, what it says, and who does otherwise.
    pub(super) why: &'static str,
    pub(super) is_it: fn(&Operation, &Outcome, &Outcome) -> bool,
    /// Whether the two remember different things from here on, so that there is nothing more to compare.
    pub(super) parts: bool,
}

/// Every known difference; each must still be met.
pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "RFC 8489 §6.3.1.1: an answer goes to whoever asked; theirs sends that to a Binding request to itself",
        is_it: |operation, ours, theirs| {
            matches!(operation, Operation::Binding(_)) && *ours == Outcome::Success(None) && *theirs == Outcome::Nothing
        },
        parts: false,
    },
    Difference {
        why: "RFC 8656 §21.1.3: ours relays to no private address; theirs leaves that to whoever owns its sockets",
        is_it: |operation, ours, theirs| {
            matches!(
                operation,
                Operation::Request(_, Request::Permit(Some(FORBIDDEN)) | Request::Bind(_, FORBIDDEN), _)
            ) && *ours == Outcome::Error(403, vec![])
                && matches!(theirs, Outcome::Success(_))
        },
        parts: true,
    },
    Difference {
        why: "RFC 8656 §12.2: a channel that is bound to another peer is 400; theirs looks at the peer alone",
        is_it: |operation, ours, theirs| {
            matches!(operation, Operation::Request(_, Request::Bind(0x4000..=0x4FFF, _), _))
                && *ours == Outcome::Error(400, vec![])
                && matches!(theirs, Outcome::Success(_))
        },
        parts: true,
    },
    Difference {
        why: "RFC 8656 §12.1: channels end at 0x4FFF; theirs has RFC 5766's range, ours by setting only",
        is_it: |operation, ours, theirs| {
            matches!(operation, Operation::Request(_, Request::Bind(0x5000, _), _))
                && *ours == Outcome::Error(400, vec![])
                && matches!(theirs, Outcome::Success(_))
        },
        parts: true,
    },
    Difference {
        why: "RFC 8656 §12.2: both 400 and 443 are due, and their order is nowhere said",
        is_it: |operation, ours, theirs| {
            matches!(operation, Operation::Request(_, Request::Bind(0x3FFF | 0x5000, _), _))
                && *ours == Outcome::Error(400, vec![])
                && *theirs == Outcome::Error(443, vec![])
        },
        parts: false,
    },
    Difference {
        why: "RFC 8656 §12.6: ChannelData goes where its channel is bound, ten minutes long; theirs wants the permission too",
        is_it: |operation, ours, theirs| {
            matches!(operation, Operation::ChannelData(..))
                && matches!(ours, Outcome::ToPeer(..))
                && *theirs == Outcome::Nothing
        },
        parts: false,
    },
    Difference {
        why: "RFC 8489 §6.3.1: unknown attributes are 420 before the method is looked at; theirs looks at 5-tuple and user first",
        is_it: |operation, ours, theirs| {
            matches!(operation, Operation::Request(_, _, Manner::UnknownAttribute))
                && *ours == Outcome::Error(420, vec![UNHEARD_OF])
                && matches!(theirs, Outcome::Error(437 | 441, _))
        },
        parts: false,
    },
    Difference {
        why: "RFC 8656 §5: 441 is for what is no Allocate; an Allocate on a 5-tuple that has an allocation is 437 (§7.2)",
        is_it: |operation, ours, theirs| {
            matches!(operation, Operation::Request(_, Request::Allocate(_), Manner::Good | Manner::OtherUser))
                && *ours == Outcome::Error(437, vec![])
                && *theirs == Outcome::Error(441, vec![])
        },
        parts: false,
    },
    Difference {
        why: "RFC 6062 §5.1: theirs relays TCP, for clients over TCP only (400); ours relays none (RFC 8656 §7.2: 442)",
        is_it: |operation, ours, theirs| {
            matches!(operation, Operation::Request(_, Request::Allocate(Some(TCP)), _))
                && *ours == Outcome::Error(442, vec![])
                && *theirs == Outcome::Error(400, vec![])
        },
        parts: false,
    },
];

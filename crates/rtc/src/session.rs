//! The negotiation of one peer connection: the client offers, we answer (RFC 8829, RFC 9143), over as many rounds as the client likes.

mod allow;
mod answer;
mod error;
mod transport;

pub use allow::{Allow, Publish};
pub use answer::{Answer, DataParameters, Media};
pub use error::OfferError;
pub use transport::{DtlsRole, LocalTransport, RemoteTransport};

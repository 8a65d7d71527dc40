//! What an offer is answered with: `cargo run -p rtc --example answer < offer.sdp`.
//!
//! Reads the rounds of one connection from the standard input, each ended by a line `# ---` or the end, and writes an answer for each,
//! or `# refused: …`. Other lines with `#` in front are passed over, as in `tests/corpus`. Nobody listens at the candidate.

use std::io::{BufRead, Write, stdin, stdout};

use rtc::candidate::{Candidate, Transport};
use rtc::sdp::{Fingerprint, HashFunction};
use rtc::session::{Allow, LocalTransport, OfferError, Session};

fn main() -> std::io::Result<()> {
    let mut session = Session::new([0; 32]);
    let (mut offer, mut round) = (String::new(), 0);
    for line in stdin().lock().lines() {
        let line = line?;
        match line.trim_end() {
            END => answer(&mut session, &mut offer, &mut round)?,
            line if line.starts_with('#') => {}
            line => offer.extend([line, "\n"]),
        }
    }
    if offer.is_empty() { Ok(()) } else { answer(&mut session, &mut offer, &mut round) }
}

fn answer(session: &mut Session, offer: &mut String, round: &mut u32) -> std::io::Result<()> {
    let answer = round_of(session, &std::mem::take(offer), round);
    let text = answer.unwrap_or_else(|error| format!("# refused: {error}\n"));
    writeln!(stdout(), "{text}{END}").and_then(|()| stdout().flush())
}

fn round_of(session: &mut Session, offer: &str, round: &mut u32) -> Result<String, OfferError> {
    let negotiation = session.negotiate(offer, &Allow::everything())?;
    *round += u32::from(negotiation.restarts_ice());
    let candidate = |transport| Candidate { transport, address: ([192, 0, 2, 1], 3478).into() };
    let local = LocalTransport {
        ufrag: &format!("example{round}"),
        pwd: "0123456789abcdefghijklmn",
        fingerprint: &Fingerprint::new(HashFunction::Sha256, &[0xab; 32]).expect("the digest has its length"),
        candidates: &[candidate(Transport::Udp), candidate(Transport::Tcp)],
    };
    Ok(session.accept(negotiation, &local).sdp)
}

/// Between rounds.
const END: &str = "# ---";

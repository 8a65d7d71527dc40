//! Fragments of SDP for trickle ICE (RFC 8840 §9): what PATCH carries there and back.

use std::fmt::Write as _;

/// What a client says in a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
}

impl Fragment {
    /// Reads the credentials; the candidates are not needed, since we wait for checks and answer where they come from. `None` when it is
    /// none: it has no credentials of the right form (RFC 8839 §5.4).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| text.lines().find_map(|line| line.trim_end().strip_prefix(name));
        let (ufrag, pwd) = (value("a=ice-ufrag:")?, value("a=ice-pwd:")?);
        let of_ice = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'));
        let is_right = (4..=CREDENTIAL_CHARS_MAX).contains(&ufrag.len())
            && (22..=CREDENTIAL_CHARS_MAX).contains(&pwd.len())
            && of_ice(ufrag)
            && of_ice(pwd);
        is_right.then(|| Self { ufrag: ufrag.to_owned(), pwd: pwd.to_owned() })
    }
}

/// Our end as an answer has it, in a fragment: credentials and candidates of the first description that has them.
pub(crate) fn of_answer(answer: &str) -> String {
    let mut fragment = String::new();
    let mut in_media = false;
    for line in answer.lines() {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| line.starts_with(prefix));
        if line.starts_with("m=") {
            if fragment.contains("a=ice-pwd:") {
                break;
            }
            in_media = true;
        }
        let wanted = if in_media {
            starts(&["m=", "a=mid:", "a=ice-", "a=candidate:", "a=end-of-candidates"])
        } else {
            starts(&["a=ice-lite", "a=group:"])
        };
        if wanted {
            let written = write!(fragment, "{line}\r\n");
            debug_assert!(written.is_ok(), "writing to a String does not fail");
        }
    }
    fragment
}

/// RFC 8839 §5.4.
const CREDENTIAL_CHARS_MAX: usize = 256;

#[cfg(test)]
mod tests;

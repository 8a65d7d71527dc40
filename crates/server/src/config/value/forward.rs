//! Where streams go on to.

use live::StreamName;
use live::rtmp::Url;
use toml::Value as Toml;

use super::{StreamPatterns, words_of};
use crate::config::setting::Value;

/// Streams by their names, and the servers that they are forwarded to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardRules(Vec<(StreamPatterns, Url)>);

impl ForwardRules {
    /// Where this stream goes.
    pub(crate) fn urls(&self, name: &StreamName) -> impl Iterator<Item = &Url> {
        self.0.iter().filter(|(patterns, _)| patterns.contain(name)).map(|(_, url)| url)
    }
}

impl Value for ForwardRules {
    const KIND: &'static str = "list of names of streams, each with a URL";
    /// A URL may hold a key.
    const SECRET: bool = true;

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || {
            format!(
                "a list of at most {RULES_MAX} texts such as \"live/* rtmp://backup.example.org\": the name of a stream, app/* or *, a space, and an rtmp or rtmps URL"
            )
        };
        let rule = |text: &String| {
            let (pattern, url) = text.trim().split_once(char::is_whitespace)?;
            let patterns = StreamPatterns::from_toml(&Toml::Array(vec![Toml::String(pattern.to_owned())])).ok()?;
            Some((patterns, Url::parse(url.trim_start()).ok()?))
        };
        let texts = words_of(value).filter(|texts| texts.len() <= RULES_MAX).ok_or_else(expected)?;
        texts.iter().map(rule).collect::<Option<_>>().map(Self).ok_or_else(expected)
    }
}

/// Each has a connection for every stream that it stands for.
const RULES_MAX: usize = 64;

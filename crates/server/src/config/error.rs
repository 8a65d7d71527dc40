//! What can be wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

/// Every fault that was found. The text has one line per fault.
#[derive(Debug)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One fault.
#[derive(Debug)]
pub struct ConfigError {
    /// Where it stands.
    pub origin: Origin,
    /// The key as it was written; empty when the fault has none (a file that cannot be read).
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
}

/// The place a setting was read from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// The file, of which no line was read.
    WholeFile { path: PathBuf },
    /// A line of the file, counted from 1.
    File { path: PathBuf, line: usize },
    /// An environment variable.
    Environment { variable: String },
    /// A `--set` argument.
    Flag,
    /// Settings that do not go together; each alone is right.
    Together,
}

/// What is wrong, and what would be right.
#[derive(Debug)]
pub enum Problem {
    /// The file cannot be read.
    Unreadable { reason: String },
    /// The text is not TOML.
    NotToml { reason: String },
    /// The value is not text; it is not shown, as it may be a secret.
    NotUtf8,
    /// The argument has no `=`.
    NotAnAssignment,
    /// There is no such setting.
    UnknownKey { nearest: Option<&'static str> },
    /// The setting does not take this value.
    BadValue { found: String, expected: String },
    /// The settings contradict each other.
    Together { expected: String },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeFile { path } => write!(f, "{}: ", path.display()),
            Self::File { path, line } => write!(f, "{}:{line}: ", path.display()),
            Self::Environment { variable } => write!(f, "environment variable {variable}: "),
            Self::Flag => f.write_str("--set: "),
            Self::Together => Ok(()),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, key, problem } = self;
        match problem {
            Problem::Unreadable { reason } => write!(f, "{origin}cannot be read: {reason}"),
            Problem::NotToml { reason } => write!(f, "{origin}not TOML: {reason}"),
            Problem::NotUtf8 => write!(f, "{origin}{key}: expected text in UTF-8, found bytes that are none"),
            Problem::NotAnAssignment => write!(f, "{origin}{key}: expected key=value, as in --set http.listen=8080"),
            Problem::UnknownKey { nearest: Some(nearest) } => {
                write!(f, "{origin}{key}: no such setting; did you mean {nearest}?")
            }
            Problem::UnknownKey { nearest: None } => {
                write!(f, "{origin}{key}: no such setting; `parlor config` lists them all")
            }
            Problem::BadValue { found, expected } => write!(f, "{origin}{key}: expected {expected}, found {found}"),
            Problem::Together { expected } => write!(f, "{key}: {expected}"),
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
impl std::error::Error for ConfigErrors {}

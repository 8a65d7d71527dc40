//! The lines of a playlist and the attributes of its tags (RFC 8216 §4.1, §4.2).

use super::Violation;

/// A tag, or a URI when `name` is empty.
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    /// What stands between `#` and `:`.
    pub(super) name: &'a str,
    /// What follows, or the URI.
    pub(super) value: &'a str,
}

impl Line<'_> {
    pub(super) fn violation(&self, rule: &'static str) -> Violation {
        Violation { line: self.number, rule }
    }

    pub(super) fn broken(&self, rule: &'static str) -> Result<(), Violation> {
        Err(self.violation(rule))
    }

    pub(super) fn ensure(&self, keeps: bool, rule: &'static str) -> Result<(), Violation> {
        if keeps { Ok(()) } else { self.broken(rule) }
    }
}

/// All lines but empty ones and comments.
pub(super) fn lines(text: &str) -> Result<Vec<Line<'_>>, Violation> {
    let head = Line { number: 1, name: "", value: "" };
    head.ensure(text.lines().next() == Some("#EXTM3U"), "the first line is #EXTM3U (8216 §4.3.1.1)")?;
    head.ensure(text.ends_with('\n'), "the last line is complete (8216 §4.1)")?;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let is_clean = !line.chars().any(char::is_control);
        let read = match line.strip_prefix('#') {
            Some(tag) => {
                let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
                Line { number, name, value }
            }
            None => Line { number, name: "", value: line },
        };
        read.ensure(is_clean, "no control characters (8216 §4.1)")?;
        let is_uri_whole = !read.name.is_empty() || !line.contains(char::is_whitespace);
        read.ensure(is_uri_whole && !line.is_empty(), "a URI has no spaces (RFC 3986)")?;
        lines.push(read);
    }
    Ok(lines)
}

/// An attribute list.
pub(super) struct Attributes<'a> {
    line: usize,
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Attributes<'a> {
    pub(super) fn parse(line: &Line<'a>) -> Result<Self, Violation> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        let mut rest = line.value;
        while !rest.is_empty() {
            let (name, after) =
                rest.split_once('=').ok_or_else(|| line.violation("attributes are NAME=value (8216 §4.2)"))?;
            let is_name = !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'-'));
            line.ensure(is_name, "attribute names are capitals, digits and dashes (8216 §4.2)")?;
            line.ensure(pairs.iter().all(|&(other, _)| other != name), "an attribute stands once (8216 §4.2)")?;
            let end = match after.strip_prefix('"') {
                Some(quoted) => quoted.find('"').map(|end| end + 2),
                None => Some(after.find(',').unwrap_or(after.len())),
            };
            let end = end.ok_or_else(|| line.violation("a quoted string ends (8216 §4.2)"))?;
            let (value, following) = after.split_at_checked(end).unwrap_or((after, ""));
            pairs.push((name, value));
            rest = match following.strip_prefix(',') {
                Some(rest) if !rest.is_empty() => rest,
                None if following.is_empty() => "",
                _ => return Err(line.violation("a comma stands between two attributes (8216 §4.2)")),
            };
        }
        Ok(Self { line: line.number, pairs })
    }

    /// The value as it is written.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.pairs.iter().find(|&&(each, _)| each == name).map(|&(_, value)| value)
    }

    /// A quoted-string, which must be there and not be empty.
    pub(super) fn quoted(&self, name: &str) -> Result<String, Violation> {
        let unquoted = self.text(name).and_then(|value| value.strip_prefix('"')?.strip_suffix('"'));
        let text = unquoted.filter(|text| !text.is_empty()).map(str::to_owned);
        text.ok_or(Violation { line: self.line, rule: "this tag has a URI in quotes (8216 §4.2)" })
    }

    /// A decimal-integer.
    pub(super) fn integer(&self, name: &str) -> Result<Option<u64>, Violation> {
        let parsed = self.text(name).map(str::parse).transpose();
        parsed.map_err(|_| Violation { line: self.line, rule: "this attribute is a decimal integer (8216 §4.2)" })
    }

    /// A decimal-floating-point of seconds.
    pub(super) fn micros(&self, name: &str) -> Result<Option<u64>, Violation> {
        let wrong = Violation { line: self.line, rule: "this attribute is a decimal number (8216 §4.2)" };
        self.text(name).map(|text| micros(text).ok_or(wrong)).transpose()
    }
}

/// Seconds with up to six decimal places as microseconds.
pub(super) fn micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let scale = 10_u64.pow(6 - u32::try_from(fraction.len()).ok()?);
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction.parse::<u64>().ok()? * scale)
}

/// `2026-11-23T01:02:03.456Z`.
pub(super) fn is_date_time(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = |(byte, shape): (u8, u8)| if shape == b'd' { byte.is_ascii_digit() } else { byte == shape };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

//! The text that Prometheus reads. Names, help and labels are written by this program, so nothing needs escapes.

use std::fmt::Write as _;
use std::time::Duration;

/// What was written so far.
#[derive(Debug, Default)]
pub(super) struct Text(String);

/// Samples of one name.
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Text {
    /// Begins a family.
    pub(super) fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        // Writing into a text cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { text: &mut self.0, name }
    }

    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str, value: u64) {
        self.family(name, "gauge", help).sample(&[], value);
    }

    /// A number that goes up.
    pub(super) fn counter(&mut self, name: &'static str, help: &str, value: u64) {
        self.family(name, "counter", help).sample(&[], value);
    }

    /// The whole page.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// One sample.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: u64) {
        let _ = writeln!(self.text, "{}{} {value}", self.name, braces(labels, None));
    }

    /// One sample that is no whole number.
    pub(super) fn number(&mut self, labels: &[(&str, &str)], value: f64) {
        let _ = writeln!(self.text, "{}{} {value}", self.name, braces(labels, None));
    }

    /// The samples of a histogram: `buckets` has one more than `bounds_ms`, and counts each value once.
    pub(super) fn histogram(&mut self, labels: &[(&str, &str)], bounds_ms: &[u64], buckets: &[u64], sum: Duration) {
        let (name, mut count) = (self.name, 0);
        let bounds = bounds_ms.iter().map(|bound| seconds(Duration::from_millis(*bound))).chain(["+Inf".to_owned()]);
        for (bound, bucket) in bounds.zip(buckets) {
            count += bucket;
            let _ = writeln!(self.text, "{name}_bucket{} {count}", braces(labels, Some(&bound)));
        }
        let _ = writeln!(self.text, "{name}_sum{} {}", braces(labels, None), seconds(sum));
        let _ = writeln!(self.text, "{name}_count{} {count}", braces(labels, None));
    }
}

fn seconds(span: Duration) -> String {
    span.as_secs_f64().to_string()
}

fn braces(labels: &[(&str, &str)], bound: Option<&str>) -> String {
    let pairs = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

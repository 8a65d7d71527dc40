//! What the rounds come to, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::case::Case;
use crate::floor::Floor;
use crate::janus;
use crate::round::{Contender, Measurement, Round};

/// All cases.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    cases: Vec<Line>,
    floor: Floor,
}

/// One case: medians of the rounds that count.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    text: &'static str,
    /// CPU per forwarded packet.
    parlor_us: Option<f64>,
    /// Of that, in user mode.
    parlor_user_us: Option<f64>,
    rival: String,
    rival_us: Option<f64>,
    rival_user_us: Option<f64>,
    /// `parlor_us / rival_us`.
    ratio: Option<f64>,
    /// Of the packets that should have come.
    delivered: Option<f64>,
    rival_delivered: Option<f64>,
    /// Medians of the rounds' percentiles of the one-way delay.
    p50_us: Option<f64>,
    p99_us: Option<f64>,
    rival_p50_us: Option<f64>,
    rival_p99_us: Option<f64>,
    /// Memory for each member, in kB.
    memory_kb: Option<f64>,
    rival_memory_kb: Option<f64>,
    /// Rounds that count, of both.
    rounds: (usize, usize),
    /// Rounds that do not, and why.
    failures: Vec<String>,
}

impl Summary {
    pub(crate) fn new(cases: &[Case], rounds: &[Round], floor: Floor) -> Self {
        Self { cases: cases.iter().map(|case| Line::new(case, rounds)).collect(), floor }
    }
}

impl Line {
    fn new(case: &Case, rounds: &[Round]) -> Self {
        let good = |contender| -> Vec<&Measurement> {
            let own = rounds.iter().filter(|round| round.case == case.name && round.contender == contender);
            own.filter_map(|round| round.outcome.as_ref().ok()).filter(|measured| measured.counts()).collect()
        };
        let failure = |round: &Round| match &round.outcome {
            Ok(measured) if measured.counts() => None,
            Ok(measured) => {
                let Some(delivered) = measured.report.delivered else { return Some("nothing was sent".into()) };
                Some(format!("{:?}: {:.2} % delivered", round.contender, delivered * 100.0))
            }
            Err(error) => Some(format!("{:?}: {error:#}", round.contender)),
        };
        let (own, rival) = (good(Contender::Parlor), good(Contender::Janus));
        let (parlor_us, rival_us) = (median(&own, |m| m.cpu_us), median(&rival, |m| m.cpu_us));
        let memory = |m: &Measurement| m.memory_per_watcher_bytes as f64 / 1000.0;
        let delivered = |m: &Measurement| m.report.delivered.unwrap_or(0.0);
        Self {
            name: case.name,
            text: case.text,
            parlor_us,
            parlor_user_us: median(&own, |m| m.user_us),
            rival: janus::version().unwrap_or_else(|error| error.to_string()),
            rival_us,
            rival_user_us: median(&rival, |m| m.user_us),
            ratio: parlor_us.zip(rival_us).map(|(own, rival)| round_to(own / rival, 3)),
            delivered: median(&own, delivered),
            rival_delivered: median(&rival, delivered),
            p50_us: median(&own, |m| m.report.delay_us.p50),
            p99_us: median(&own, |m| m.report.delay_us.p99),
            rival_p50_us: median(&rival, |m| m.report.delay_us.p50),
            rival_p99_us: median(&rival, |m| m.report.delay_us.p99),
            memory_kb: median(&own, memory),
            rival_memory_kb: median(&rival, memory),
            rounds: (own.len(), rival.len()),
            failures: rounds.iter().filter(|round| round.case == case.name).filter_map(failure).collect(),
        }
    }
}

/// The middle one of the values; of two middle ones the lower.
fn median(measured: &[&Measurement], value: impl Fn(&Measurement) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = measured.iter().map(|m| value(m)).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).map(|value| round_to(*value, 4))
}

fn round_to(value: f64, places: i32) -> f64 {
    let unit = 10_f64.powi(places);
    (value * unit).round() / unit
}

/// One round for people.
pub(crate) fn line(number: u32, case: &Case, round: &Round) -> String {
    let name = format!("{:?}", round.contender);
    let head = format!("{:2} {:16} {name:7}", number + 1, case.name);
    match &round.outcome {
        Err(error) => format!("{head} failed: {error:#}"),
        Ok(measured) => {
            let report = &measured.report;
            format!(
                "{head} {:6.2} us/packet (user {:.2})  delivered {:7.3} %  delay p50 {:.0} p99 {:.0} us  {} kB/member  \
                 {}/{} streams  {} freezes{}",
                measured.cpu_us,
                measured.user_us,
                report.delivered.unwrap_or(0.0) * 100.0,
                report.delay_us.p50,
                report.delay_us.p99,
                measured.memory_per_watcher_bytes / 1000,
                report.streams,
                report.streams_expected,
                report.freezes,
                if measured.counts() { "" } else { "  (does not count)" },
            )
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nFloor: {}\n", self.floor)?;
        writeln!(
            f,
            "| case | Parlor us (user) | rival us (user) | ratio | delivered | p50 / p99 us | rival p50 / p99 us | kB/member | rival |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|")?;
        let number = |value: Option<f64>, places: usize| value.map_or("-".into(), |value| format!("{value:.places$}"));
        for line in &self.cases {
            writeln!(
                f,
                "| {} | {} ({}) | {} ({}) | {} | {} | {} / {} | {} / {} | {} | {} |",
                line.name,
                number(line.parlor_us, 2),
                number(line.parlor_user_us, 2),
                number(line.rival_us, 2),
                number(line.rival_user_us, 2),
                number(line.ratio, 2),
                number(line.delivered.map(|share| share * 100.0), 2),
                number(line.p50_us, 0),
                number(line.p99_us, 0),
                number(line.rival_p50_us, 0),
                number(line.rival_p99_us, 0),
                number(line.memory_kb, 0),
                number(line.rival_memory_kb, 0),
            )?;
        }
        for line in self.cases.iter().filter(|line| !line.failures.is_empty()) {
            writeln!(f, "\n{}: rounds that do not count: {}", line.name, line.failures.join("; "))?;
        }
        Ok(())
    }
}

//! What the rounds come to, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::case::{Case, IDLE, ONE_WORKER, TWO_WORKERS};
use crate::floor::Floor;
use crate::handshake::Handshake;
use crate::janus;
use crate::round::{Contender, Measurement, Round};

/// All cases.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    cases: Vec<Line>,
    /// How many times the work of one worker two can do in one room: what the busiest thread spends for a packet, compared.
    two_workers: Option<f64>,
    /// Memory of a member who gets nothing, in kB.
    idle_member_kb: Option<f64>,
    floor: Floor,
    /// What a member costs before the first packet.
    handshake: Handshake,
}

/// One case: medians of the rounds that count, or of all of them where none does.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    text: &'static str,
    /// CPU per forwarded packet.
    parlor_us: Option<f64>,
    /// Of that, in user mode.
    parlor_user_us: Option<f64>,
    /// The share of a core that its busiest thread had.
    parlor_load: Option<f64>,
    /// The share of its packets that left with others in one system call.
    parlor_in_trains: Option<f64>,
    rival: Option<String>,
    rival_us: Option<f64>,
    rival_user_us: Option<f64>,
    /// `parlor_us / rival_us`.
    ratio: Option<f64>,
    /// Whether at least one round of each server delivered what it had to.
    valid: bool,
    /// Of the packets that should have come.
    delivered: Option<f64>,
    rival_delivered: Option<f64>,
    /// Medians of the rounds' percentiles of the one-way delay: from the call that sends to the arrival in the receiver's socket.
    p50_us: Option<f64>,
    p99_us: Option<f64>,
    rival_p50_us: Option<f64>,
    rival_p99_us: Option<f64>,
    /// Memory for each member, in kB.
    memory_kb: Option<f64>,
    rival_memory_kb: Option<f64>,
    /// Rounds that count, of both.
    rounds: (usize, usize),
    /// Rounds that do not, whose, and why.
    flaws: Vec<String>,
    #[serde(skip)]
    busiest_us: Option<f64>,
}

impl Summary {
    pub(crate) fn new(cases: &[Case], rounds: &[Round], floor: Floor, handshake: Handshake) -> Self {
        let cases: Vec<Line> = cases.iter().map(|case| Line::new(case, rounds)).collect();
        let line = |name: &str| cases.iter().find(|line| line.name == name && line.valid);
        let busiest = |name: &str| line(name).and_then(|line| line.busiest_us);
        let two_workers = busiest(ONE_WORKER).zip(busiest(TWO_WORKERS)).map(|(one, two)| round_to(one / two, 2));
        let idle_member_kb = line(IDLE).and_then(|line| line.memory_kb);
        Self { two_workers, idle_member_kb, cases, floor, handshake }
    }
}

impl Line {
    fn new(case: &Case, rounds: &[Round]) -> Self {
        let of = |contender| rounds.iter().filter(move |round| round.case == case.name && round.contender == contender);
        let (own, own_valid) = measured(of(Contender::Parlor));
        let (rival, rival_valid) = measured(of(Contender::Janus));
        // Nothing was forwarded where nobody sends.
        let cpu = |values: &[&Measurement], value: fn(&Measurement) -> f64| {
            if case.name == IDLE { None } else { median(values, value) }
        };
        let (parlor_us, rival_us) = (cpu(&own, |m| m.cpu_us), cpu(&rival, |m| m.cpu_us));
        let memory = |m: &Measurement| m.memory_per_member_bytes as f64 / 1000.0;
        let delivered = |m: &Measurement| m.report.delivered.unwrap_or(1.0);
        let flaws = rounds.iter().filter(|round| round.case == case.name);
        let flaws = flaws.filter_map(|round| Some(format!("{:?}: {}", round.contender, round.flaw()?)));
        let rival_name = || janus::version().unwrap_or_else(|error| error.to_string());
        Self {
            name: case.name,
            text: case.text,
            parlor_us,
            parlor_user_us: cpu(&own, |m| m.user_us),
            parlor_load: median(&own, |m| m.load),
            parlor_in_trains: own
                .iter()
                .all(|m| m.in_trains.is_some())
                .then(|| cpu(&own, |m| m.in_trains.unwrap_or(0.0)))
                .flatten(),
            rival: case.has_rival.then(rival_name),
            rival_us,
            rival_user_us: cpu(&rival, |m| m.user_us),
            ratio: parlor_us.zip(rival_us).map(|(own, rival)| round_to(own / rival, 3)),
            valid: own_valid > 0 && (rival_valid > 0 || rival.is_empty()),
            delivered: cpu(&own, delivered),
            rival_delivered: cpu(&rival, delivered),
            p50_us: cpu(&own, |m| m.report.delay_us.p50),
            p99_us: cpu(&own, |m| m.report.delay_us.p99),
            rival_p50_us: cpu(&rival, |m| m.report.delay_us.p50),
            rival_p99_us: cpu(&rival, |m| m.report.delay_us.p99),
            memory_kb: median(&own, memory),
            rival_memory_kb: median(&rival, memory),
            rounds: (own_valid, rival_valid),
            flaws: flaws.collect(),
            busiest_us: cpu(&own, |m| m.busiest_us),
        }
    }
}

/// The measurements that count, or all where none does; and how many count.
fn measured<'a>(rounds: impl Iterator<Item = &'a Round> + Clone) -> (Vec<&'a Measurement>, usize) {
    let valid: Vec<_> = rounds.clone().filter_map(Round::valid).collect();
    let count = valid.len();
    if count > 0 { (valid, count) } else { (rounds.filter_map(|round| round.outcome.as_ref().ok()).collect(), 0) }
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
            let flaw = measured.flaw.as_ref().map(|flaw| format!("  (does not count: {flaw})"));
            format!(
                "{head} {:6.2} us/packet (user {:.2}, busiest thread {:.0} % of a core)  delivered {:7.3} %  \
                 delay p50 {:.0} p99 {:.0} us  {} kB/member  {}/{} streams  {} freezes{}",
                measured.cpu_us,
                measured.user_us,
                measured.load * 100.0,
                report.delivered.unwrap_or(1.0) * 100.0,
                report.delay_us.p50,
                report.delay_us.p99,
                measured.memory_per_member_bytes / 1000,
                report.streams,
                report.streams_expected,
                report.freezes,
                flaw.unwrap_or_default(),
            )
        }
    }
}

/// Tables in Markdown.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rival = self.cases.iter().find_map(|line| line.rival.clone()).unwrap_or_else(|| "rival".into());
        writeln!(
            f,
            "| case | Parlor us/packet (user) | {rival} us/packet (user) | ratio | delivered | rival's | \
             p50 / p99 us | rival's p50 / p99 us | in trains | busiest thread | kB/member | rival's |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        for line in &self.cases {
            line.row(f)?;
        }
        let number = |value: Option<f64>, places: usize| value.map_or("-".into(), |value| format!("{value:.places$}"));
        writeln!(f, "\nFloor of the same run: {}.", self.floor)?;
        writeln!(f, "A handshake takes {}.", self.handshake)?;
        writeln!(f, "Two workers do {} times the work of one in one large room.", number(self.two_workers, 2))?;
        writeln!(f, "A member who gets nothing takes {} kB.", number(self.idle_member_kb, 0))?;
        for line in self.cases.iter().filter(|line| !line.flaws.is_empty()) {
            let verdict = if line.valid { "rounds left out" } else { "**not valid**" };
            writeln!(f, "{}: {verdict}: {}.", line.name, line.flaws.join("; "))?;
        }
        Ok(())
    }
}

impl Line {
    /// The case as a row of the table.
    fn row(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: Option<f64>, places: usize| value.map_or("-".into(), |value| format!("{value:.places$}"));
        let percent = |value: Option<f64>, places: usize| {
            value.map_or("-".into(), |value| format!("{:.places$} %", value * 100.0))
        };
        writeln!(
            f,
            "| {}: {}{} | {} ({}) | {} ({}) | {} | {} | {} | {} / {} | {} / {} | {} | {} | {} | {} |",
            self.name,
            self.text,
            if self.valid { "" } else { " (**not valid**)" },
            number(self.parlor_us, 2),
            number(self.parlor_user_us, 2),
            number(self.rival_us, 2),
            number(self.rival_user_us, 2),
            number(self.ratio, 2),
            percent(self.delivered, 2),
            percent(self.rival_delivered, 2),
            number(self.p50_us, 0),
            number(self.p99_us, 0),
            number(self.rival_p50_us, 0),
            number(self.rival_p99_us, 0),
            percent(self.parlor_in_trains, 0),
            percent(self.parlor_load, 0),
            number(self.memory_kb, 0),
            number(self.rival_memory_kb, 0),
        )
    }
}

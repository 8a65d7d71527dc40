//! What the rounds come to, for people and for programs.

mod columns;

use std::fmt;

use serde::Serialize;

use crate::binaries::Binaries;
use crate::case::rooms::IDLE;
use crate::case::{Case, ONE_WORKER, TWO_WORKERS, Unit};
use crate::crowd::Outcome;
use crate::floor::Floor;
use crate::handshake::Handshake;
use crate::rival::Rival;
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
    handshake: Option<Handshake>,
}

/// One case: medians of the rounds that count, or of all of them where none does.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    text: &'static str,
    /// What the CPU is divided by.
    unit: Unit,
    /// CPU per unit.
    parlor_us: Option<f64>,
    /// Of that, in user mode.
    parlor_user_us: Option<f64>,
    /// The share of a core that its busiest thread had.
    parlor_load: Option<f64>,
    /// The share of the time in which that thread was ready and had no core.
    parlor_waiting: Option<f64>,
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
    /// How late the load itself sent, Parlor's rounds and the others': 99 of a hundred packets left sooner after they were due.
    late_p99_us: Option<f64>,
    rival_late_p99_us: Option<f64>,
    /// From the beginning of a join to the first picture: 95 of a hundred had it by then.
    first_picture_ms: Option<f64>,
    rival_first_picture_ms: Option<f64>,
    /// Units in a second, where it is as many as the server can.
    per_second: Option<f64>,
    rival_per_second: Option<f64>,
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
    pub(crate) fn new(
        cases: &[Case],
        rounds: &[Round],
        binaries: &Binaries,
        floor: Floor,
        handshake: Option<Handshake>,
    ) -> Self {
        let cases: Vec<Line> = cases.iter().map(|case| Line::new(case, rounds, binaries)).collect();
        let line = |name: &str| cases.iter().find(|line| line.name == name && line.valid);
        let busiest = |name: &str| line(name).and_then(|line| line.busiest_us);
        let two_workers = busiest(ONE_WORKER).zip(busiest(TWO_WORKERS)).map(|(one, two)| round_to(one / two, 2));
        let idle_member_kb = line(IDLE).and_then(|line| line.memory_kb);
        Self { two_workers, idle_member_kb, cases, floor, handshake }
    }
}

impl Line {
    fn new(case: &Case, rounds: &[Round], binaries: &Binaries) -> Self {
        let of = |is_own| {
            let of_case = rounds.iter().filter(|round| round.case == case.name);
            of_case.filter(move |round| (round.contender == Contender::Parlor) == is_own)
        };
        let (own, own_valid) = measured(of(true));
        let (rival, rival_valid) = measured(of(false));
        // Nothing was forwarded where nobody sends.
        let cpu = |values: &[&Measurement], value: fn(&Measurement) -> f64| {
            if case.name == IDLE { None } else { median(values, value) }
        };
        let (parlor_us, rival_us) = (cpu(&own, |m| m.cpu_us), cpu(&rival, |m| m.cpu_us));
        let memory = |m: &Measurement| m.memory_per_member_bytes as f64 / 1000.0;
        let picked = |values: &[&Measurement], value: fn(&Outcome) -> Option<f64>| {
            let values: Vec<f64> = values.iter().filter_map(|m| value(&m.outcome)).collect();
            if case.name == IDLE { None } else { middle(values) }
        };
        let flaws = rounds.iter().filter(|round| round.case == case.name);
        let flaws = flaws.filter_map(|round| Some(format!("{:?}: {}", round.contender, round.flaw()?)));
        let rival_name = |rival: Rival| rival.version(binaries).unwrap_or_else(|error| error.to_string());
        Self {
            name: case.name,
            text: case.text,
            unit: case.unit(),
            parlor_us,
            parlor_user_us: cpu(&own, |m| m.user_us),
            parlor_load: median(&own, |m| m.load),
            parlor_waiting: median(&own, |m| m.waiting),
            parlor_in_trains: own
                .iter()
                .all(|m| m.in_trains.is_some())
                .then(|| cpu(&own, |m| m.in_trains.unwrap_or(0.0)))
                .flatten(),
            rival: case.rival.map(rival_name),
            rival_us,
            rival_user_us: cpu(&rival, |m| m.user_us),
            ratio: parlor_us.zip(rival_us).map(|(own, rival)| round_to(own / rival, 3)),
            valid: own_valid > 0 && (rival_valid > 0 || rival.is_empty()),
            delivered: picked(&own, |o| o.delivered),
            rival_delivered: picked(&rival, |o| o.delivered),
            p50_us: picked(&own, |o| o.delay_us.map(|d| d.p50)),
            p99_us: picked(&own, |o| o.delay_us.map(|d| d.p99)),
            rival_p50_us: picked(&rival, |o| o.delay_us.map(|d| d.p50)),
            rival_p99_us: picked(&rival, |o| o.delay_us.map(|d| d.p99)),
            late_p99_us: picked(&own, |o| o.late_us.map(|l| l.p99)),
            rival_late_p99_us: picked(&rival, |o| o.late_us.map(|l| l.p99)),
            first_picture_ms: picked(&own, |o| o.first_ms.map(|f| f.p95)),
            rival_first_picture_ms: picked(&rival, |o| o.first_ms.map(|f| f.p95)),
            per_second: picked(&own, |o| o.per_second),
            rival_per_second: picked(&rival, |o| o.per_second),
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
    middle(measured.iter().map(|m| value(m)).collect())
}

fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).map(|value| round_to(*value, 4))
}

fn round_to(value: f64, places: i32) -> f64 {
    let unit = 10_f64.powi(places);
    (value * unit).round() / unit
}

/// One round for people.
pub(crate) fn line(number: u32, case: &Case, round: &Round) -> String {
    let name = match round.contender {
        Contender::Parlor => "Parlor".to_owned(),
        Contender::Rival(rival) => format!("{rival:?}"),
    };
    let head = format!("{:2} {:16} {name:11}", number + 1, case.name);
    match &round.outcome {
        Err(error) => format!("{head} failed: {error:#}"),
        Ok(measured) => {
            let outcome = &measured.outcome;
            let flaw = outcome.flaw.as_ref().map(|flaw| format!("  (does not count: {flaw})"));
            let delivered = outcome.delivered.map(|share| format!("delivered {:7.3} %  ", share * 100.0));
            let delivered = delivered.unwrap_or_default();
            let delay = outcome.delay_us.map(|delay| format!("delay p50 {:.0} p99 {:.0} us  ", delay.p50, delay.p99));
            let delay = delay.unwrap_or_default();
            let late = outcome.late_us.map(|late| format!("load late p50 {:.0} p99 {:.0} us  ", late.p50, late.p99));
            let late = late.unwrap_or_default();
            let first = outcome.first_ms.map(|first| format!("first picture p95 {:.0} ms  ", first.p95));
            let first = first.unwrap_or_default();
            format!(
                "{head} {:6.2} us/{} (user {:.2}, busiest thread {:.0} % of a core, waits for one {:.1} %)  {delivered}{delay}{late}{first}{} kB/member  {}{}",
                measured.cpu_us,
                case.unit().name(),
                measured.user_us,
                measured.load * 100.0,
                measured.waiting * 100.0,
                measured.memory_per_member_bytes / 1000,
                outcome.text,
                flaw.unwrap_or_default(),
            )
        }
    }
}

/// Tables in Markdown.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for unit in [Unit::Packet, Unit::Megabyte, Unit::Request, Unit::Allocation] {
            let lines: Vec<&Line> = self.cases.iter().filter(|line| line.unit == unit).collect();
            if !lines.is_empty() {
                writeln!(f, "{}", columns::table(unit, &lines))?;
            }
        }
        writeln!(f, "Floor of the same run: {}.", self.floor)?;
        if let Some(handshake) = &self.handshake {
            writeln!(f, "A handshake takes {handshake}.")?;
        }
        if let Some(times) = self.two_workers {
            writeln!(f, "Two workers do {times:.2} times the work of one.")?;
        }
        if let Some(kilobytes) = self.idle_member_kb {
            writeln!(f, "A member who gets nothing takes {kilobytes:.0} kB.")?;
        }
        for line in self.cases.iter().filter(|line| !line.flaws.is_empty()) {
            let verdict = if line.valid { "rounds left out" } else { "**not valid**" };
            writeln!(f, "{}: {verdict}: {}.", line.name, line.flaws.join("; "))?;
        }
        Ok(())
    }
}

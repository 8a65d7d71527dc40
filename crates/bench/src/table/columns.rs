//! The lines of one unit as a table in Markdown, with the columns that have something in them.

use super::Line;
use crate::case::Unit;

/// What stands above a column, and the cell of each line.
struct Column {
    head: String,
    cells: Vec<String>,
}

pub(super) fn table(unit: Unit, lines: &[&Line]) -> String {
    let mut columns = columns(unit, lines);
    columns.retain(|column| column.cells.iter().any(|cell| cell.contains(|c: char| c.is_ascii_digit())));
    let row = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let head = row(columns.iter().map(|column| column.head.as_str()).collect());
    let rule = format!("|{}\n", "---|".repeat(columns.len()));
    let rows = (0..lines.len())
        .map(|index| row(columns.iter().map(|column| column.cells.get(index).map_or("", String::as_str)).collect()));
    [head, rule].into_iter().chain(rows).collect()
}

fn columns(unit: Unit, lines: &[&Line]) -> Vec<Column> {
    let unit = unit.name();
    let mut rivals: Vec<&str> = lines.iter().filter_map(|line| line.rival.as_deref()).collect();
    rivals.dedup();
    let rival = if rivals.is_empty() { "rival".to_owned() } else { rivals.join(", ") };
    let column = |head: &str, cell: &dyn Fn(&Line) -> String| Column {
        head: head.to_owned(),
        cells: lines.iter().map(|line| cell(line)).collect(),
    };
    vec![
        column("case", &|line| {
            format!("{}: {}{}", line.name, line.text, if line.valid { "" } else { " (**not valid**)" })
        }),
        column(&format!("Parlor us/{unit} (user)"), &|line| both(line.parlor_us, line.parlor_user_us)),
        column(&format!("{rival} us/{unit} (user)"), &|line| both(line.rival_us, line.rival_user_us)),
        column("ratio", &|line| number(line.ratio, 2)),
        column("delivered", &|line| percent(line.delivered, 2)),
        column("rival's", &|line| percent(line.rival_delivered, 2)),
        column("p50 / p99 us", &|line| pair(line.p50_us, line.p99_us)),
        column("rival's p50 / p99 us", &|line| pair(line.rival_p50_us, line.rival_p99_us)),
        column("load late p99 us", &|line| number(line.late_p99_us, 0)),
        column("rival's", &|line| number(line.rival_late_p99_us, 0)),
        column("in trains", &|line| percent(line.parlor_in_trains, 0)),
        column("busiest thread", &|line| percent(line.parlor_load, 0)),
        column("waits for a core", &|line| percent(line.parlor_waiting, 1)),
        column("first picture p95 ms", &|line| number(line.first_picture_ms, 0)),
        column("rival's", &|line| number(line.rival_first_picture_ms, 0)),
        column(&format!("{unit}s in a second at most"), &|line| number(line.per_second, 0)),
        column("rival's", &|line| number(line.rival_per_second, 0)),
        column("kB/member", &|line| number(line.memory_kb, 0)),
        column("rival's", &|line| number(line.rival_memory_kb, 0)),
    ]
}

fn number(value: Option<f64>, places: usize) -> String {
    value.map_or("-".into(), |value| format!("{value:.places$}"))
}

fn percent(value: Option<f64>, places: usize) -> String {
    value.map_or("-".into(), |value| format!("{:.places$} %", value * 100.0))
}

fn both(all: Option<f64>, user: Option<f64>) -> String {
    format!("{} ({})", number(all, 2), number(user, 2))
}

fn pair(middle: Option<f64>, high: Option<f64>) -> String {
    format!("{} / {}", number(middle, 0), number(high, 0))
}

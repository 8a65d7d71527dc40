//! Which part of a list is asked for: `start` and `count`.

use axum::http::request::Parts;

use crate::http::api::query;
use crate::http::problem::Problem;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    start: usize,
    count: usize,
}

impl Page {
    /// As the query says.
    pub(super) fn of(parts: &Parts) -> Result<Self, Problem> {
        let number = |name: &'static str, default: usize, max: usize| match query(parts, name) {
            None => Ok(default),
            Some(text) => text.parse().ok().filter(|number| *number <= max).ok_or(Problem::BadQuery { name }),
        };
        Ok(Self { start: number("start", 0, usize::MAX)?, count: number("count", COUNT_DEFAULT, COUNT_MAX)? })
    }

    /// That part; empty behind the end.
    pub(super) fn part<T>(self, list: &[T]) -> &[T] {
        let rest = list.get(self.start..).unwrap_or_default();
        rest.get(..self.count).unwrap_or(rest)
    }
}

/// Of one answer, when nothing is said.
pub(super) const COUNT_DEFAULT: usize = 10;
/// Of one answer, at most.
pub(super) const COUNT_MAX: usize = 1000;

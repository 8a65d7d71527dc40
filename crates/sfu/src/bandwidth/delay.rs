//! Whether queues grow on the path: the trend of the one-way delay, and how far the delay is above its least.
//!
//! Packets that left together are one group. From group to group it is compared how much later they were sent and how much later they
//! arrived; the slope of the difference over the last groups is the trend (draft-ietf-rmcat-gcc-02 §4), judged by a threshold that adapts
//! to the path's own jitter (§5.4 there).

/// The detector of one path.
#[derive(Debug)]
pub(super) struct Delay {
    /// The group that is still growing.
    open: Option<Group>,
    /// The group before.
    closed: Option<Group>,
    trend: Trend,
    threshold: Threshold,
    base: Base,
    usage: Usage,
}

/// What the delay says about the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// Queues shrink: wait until they are empty.
    Under,
    /// Queues stay as they are.
    Normal,
    /// Queues grow.
    Over,
}

/// Packets that left within [`GROUP_US`].
#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent_us: i64,
    last_sent_us: i64,
    first_arrival_us: i64,
    last_arrival_us: i64,
    /// The least difference between arrival and sending, of clocks that know nothing of each other.
    least_delay_us: i64,
}

/// The slope of the smoothed delay over the last groups.
#[derive(Debug)]
struct Trend {
    /// Arrival and smoothed delay, both in milliseconds; a ring.
    points: [(f64, f64); POINTS],
    /// Points so far.
    count: usize,
    accumulated_ms: f64,
    smoothed_ms: f64,
    first_arrival_us: i64,
}

#[derive(Debug)]
struct Threshold {
    limit_ms: f64,
    updated_us: Option<i64>,
    /// For how long the trend has been above, by the sender's clock.
    above_us: i64,
    previous: f64,
}

/// The least delay of the last [`BASE_US`] to twice that.
#[derive(Debug, Default)]
struct Base {
    /// Of the period that runs.
    current_us: Option<i64>,
    /// Of the period before.
    previous_us: Option<i64>,
    begun_us: i64,
    /// Delay above the base, smoothed over some groups.
    queue_us: f64,
}

impl Delay {
    pub(super) fn new() -> Self {
        Self {
            open: None,
            closed: None,
            trend: Trend::new(),
            threshold: Threshold { limit_ms: LIMIT_START_MS, updated_us: None, above_us: 0, previous: 0.0 },
            base: Base::default(),
            usage: Usage::Normal,
        }
    }

    /// A packet arrived. In the order of sending; one that was sent before the group that is open tells nothing.
    pub(super) fn handle_arrival(&mut self, sent_us: i64, arrival_us: i64) {
        let Some(open) = &mut self.open else {
            self.open = Some(Group::new(sent_us, arrival_us));
            return;
        };
        if sent_us < open.first_sent_us {
            return;
        }
        if open.takes(sent_us, arrival_us) {
            open.add(sent_us, arrival_us);
            return;
        }
        let complete = *open;
        self.open = Some(Group::new(sent_us, arrival_us));
        self.base.handle_group(&complete);
        if let Some(before) = self.closed.replace(complete) {
            self.compare(&before, &complete);
        }
    }

    /// Nothing arrived for long: what comes next cannot be compared with what came before.
    pub(super) fn reset(&mut self) {
        (self.open, self.closed) = (None, None);
        self.trend = Trend::new();
        self.usage = Usage::Normal;
        self.threshold.above_us = 0;
    }

    /// What the last groups say.
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// How much longer packets take than the fastest of the last seconds.
    pub(super) fn queue_us(&self) -> i64 {
        self.base.queue_us as i64
    }

    /// The delay of the fastest of the last seconds, between two clocks that know nothing of each other.
    pub(super) fn least_us(&self) -> Option<i64> {
        [self.base.current_us, self.base.previous_us].into_iter().flatten().min()
    }

    /// The present delay is that of the path itself: sending less did not shorten it.
    pub(super) fn rebase(&mut self) {
        self.base = Base::default();
    }

    fn compare(&mut self, before: &Group, group: &Group) {
        let sent_us = group.last_sent_us - before.last_sent_us;
        let arrival_us = group.last_arrival_us - before.last_arrival_us;
        if arrival_us < 0 || arrival_us - sent_us > JUMP_US {
            self.reset();
            return;
        }
        let slope = self.trend.add((arrival_us - sent_us) as f64 / 1_000.0, group.last_arrival_us);
        let Some(slope) = slope else { return };
        let count = (self.trend.count as f64).min(COUNT_MAX);
        let modified_ms = slope * count * GAIN;
        self.usage = self.threshold.judge(modified_ms, slope, sent_us, group.last_arrival_us);
    }
}

impl Group {
    fn new(sent_us: i64, arrival_us: i64) -> Self {
        Self {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            first_arrival_us: arrival_us,
            last_arrival_us: arrival_us,
            least_delay_us: arrival_us - sent_us,
        }
    }

    /// What left within five milliseconds, and what a link that was busy with something else lets go at once.
    fn takes(&self, sent_us: i64, arrival_us: i64) -> bool {
        if sent_us - self.first_sent_us <= GROUP_US {
            return true;
        }
        let apart_us = arrival_us - self.last_arrival_us;
        let caught_up = apart_us < sent_us - self.last_sent_us;
        caught_up && apart_us <= GROUP_US && arrival_us - self.first_arrival_us < BURST_US
    }

    fn add(&mut self, sent_us: i64, arrival_us: i64) {
        self.last_sent_us = self.last_sent_us.max(sent_us);
        self.last_arrival_us = self.last_arrival_us.max(arrival_us);
        self.least_delay_us = self.least_delay_us.min(arrival_us - sent_us);
    }
}

impl Trend {
    fn new() -> Self {
        Self { points: [(0.0, 0.0); POINTS], count: 0, accumulated_ms: 0.0, smoothed_ms: 0.0, first_arrival_us: 0 }
    }

    /// One more difference; the slope once the window is full.
    fn add(&mut self, difference_ms: f64, arrival_us: i64) -> Option<f64> {
        if self.count == 0 {
            self.first_arrival_us = arrival_us;
        }
        self.accumulated_ms += difference_ms;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.accumulated_ms;
        let point = ((arrival_us - self.first_arrival_us) as f64 / 1_000.0, self.smoothed_ms);
        if let Some(place) = self.points.get_mut(self.count % POINTS) {
            *place = point;
        }
        self.count = self.count.saturating_add(1);
        if self.count < POINTS { None } else { self.slope() }
    }

    /// Least squares.
    fn slope(&self) -> Option<f64> {
        let count = POINTS as f64;
        let (sum_x, sum_y) = self.points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (mut numerator, mut denominator) = (0.0, 0.0);
        for (x, y) in &self.points {
            numerator += (x - mean_x) * (y - mean_y);
            denominator += (x - mean_x) * (x - mean_x);
        }
        (denominator > 0.0).then(|| numerator / denominator)
    }
}

impl Threshold {
    fn judge(&mut self, modified_ms: f64, slope: f64, sent_us: i64, now_us: i64) -> Usage {
        let usage = if modified_ms > self.limit_ms {
            self.above_us += sent_us;
            // A slope that flattens by itself needs no help.
            if self.above_us > ABOVE_US && slope >= self.previous { Usage::Over } else { Usage::Normal }
        } else {
            self.above_us = 0;
            if modified_ms < -self.limit_ms { Usage::Under } else { Usage::Normal }
        };
        self.previous = slope;
        self.adapt(modified_ms, now_us);
        usage
    }

    /// Follows the jitter of the path, so that neither wireless nor competing traffic is taken for our own queue; a spike is left out.
    fn adapt(&mut self, modified_ms: f64, now_us: i64) {
        let before_us = self.updated_us.replace(now_us).unwrap_or(now_us);
        let size_ms = modified_ms.abs();
        if size_ms > self.limit_ms + SPIKE_MS {
            return;
        }
        let gain = if size_ms < self.limit_ms { ADAPT_DOWN } else { ADAPT_UP };
        let elapsed_ms = ((now_us - before_us) as f64 / 1_000.0).clamp(0.0, 100.0);
        self.limit_ms =
            (self.limit_ms + gain * (size_ms - self.limit_ms) * elapsed_ms).clamp(LIMIT_MIN_MS, LIMIT_MAX_MS);
    }
}

impl Base {
    fn handle_group(&mut self, group: &Group) {
        if group.last_arrival_us - self.begun_us > BASE_US || self.current_us.is_none() {
            self.previous_us = self.current_us.take();
            self.begun_us = group.last_arrival_us;
        }
        let least_us = self.current_us.unwrap_or(i64::MAX).min(group.least_delay_us);
        self.current_us = Some(least_us);
        let base_us = least_us.min(self.previous_us.unwrap_or(i64::MAX));
        self.queue_us += QUEUE_SMOOTHING * ((group.least_delay_us - base_us) as f64 - self.queue_us);
    }
}

/// Packets that a sender lets go at once belong together.
const GROUP_US: i64 = 5_000;

/// A group ends even where everything arrives at once.
const BURST_US: i64 = 100_000;

/// A delay that jumps by more is another path or another clock.
const JUMP_US: i64 = 3_000_000;

/// Groups in the regression: two thirds of a second of video.
const POINTS: usize = 20;

/// Of the accumulated delay.
const SMOOTHING: f64 = 0.9;

/// Makes the slope comparable with the threshold.
const GAIN: f64 = 4.0;

/// More groups do not make the trend more certain.
const COUNT_MAX: f64 = 60.0;

/// draft-ietf-rmcat-gcc-02 §5.4: where the threshold starts and may go.
const LIMIT_START_MS: f64 = 12.5;
const LIMIT_MIN_MS: f64 = 6.0;
const LIMIT_MAX_MS: f64 = 600.0;

/// How fast it follows, per millisecond.
const ADAPT_UP: f64 = 0.0087;
const ADAPT_DOWN: f64 = 0.039;

/// What exceeds the threshold by more is not jitter.
const SPIKE_MS: f64 = 15.0;

/// How long the trend has to be above.
const ABOVE_US: i64 = 10_000;

/// A least delay is remembered for so long to twice as long: routes change.
const BASE_US: i64 = 10_000_000;

/// Some five groups.
const QUEUE_SMOOTHING: f64 = 0.3;

#[cfg(test)]
mod tests;

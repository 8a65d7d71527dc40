//! How loud sound is.

/// The root mean square of samples between -1 and 1, in dBov (RFC 6464 §3): 0 is a square wave between those, -127 is silence and what is no softer.
pub(crate) fn level_dbov(samples: &[f32]) -> i8 {
    let squares: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a frame has some thousand samples")]
    let mean = squares / samples.len().max(1) as f64;
    #[expect(clippy::cast_possible_truncation, reason = "within -127 and 0")]
    let level = (10.0 * mean.log10()).clamp(SILENCE_DBOV, 0.0).round() as i8;
    level
}

/// The softest that can be said.
const SILENCE_DBOV: f64 = -127.0;

#[cfg(test)]
mod tests;

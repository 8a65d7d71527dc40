//! What a player wants of a playlist beside the playlist: to be answered when something has come, and only what it does not know (rfc8216bis §6.2.5).

/// The delivery directives of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reload {
    /// `_HLS_msn`: answer when this segment is there.
    pub msn: Option<u64>,
    /// `_HLS_part`: answer when this part of that segment is there.
    pub part: Option<u64>,
    /// `_HLS_skip`: leave out old segments.
    pub skip: bool,
}

/// Why a player cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// A directive is no number, or stands twice.
    #[error("{0} must stand once and be a decimal number")]
    Number(&'static str),
    /// `_HLS_part` means nothing alone.
    #[error("_HLS_part needs _HLS_msn")]
    PartAlone,
    /// Nobody can know already that this will come.
    #[error("segment {msn} is too far ahead, {next} is the next")]
    TooFar {
        /// What is asked for.
        msn: u64,
        /// What comes next.
        next: u64,
    },
}

impl Reload {
    /// Reads the directives from a query; other parameters are left alone.
    ///
    /// # Errors
    /// A directive that is no number, stands twice, or lacks its other half.
    pub fn parse(query: &str) -> Result<Self, ReloadError> {
        let mut reload = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "_HLS_msn" => set(&mut reload.msn, "_HLS_msn", value)?,
                "_HLS_part" => set(&mut reload.part, "_HLS_part", value)?,
                // "v2" may leave out dates as well, of which there are none.
                "_HLS_skip" => reload.skip = matches!(value, "YES" | "v2"),
                _ => {}
            }
        }
        if reload.part.is_some() && reload.msn.is_none() {
            return Err(ReloadError::PartAlone);
        }
        Ok(reload)
    }
}

fn set(place: &mut Option<u64>, name: &'static str, value: &str) -> Result<(), ReloadError> {
    let is_decimal = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(number) if is_decimal && place.is_none() => {
            *place = Some(number);
            Ok(())
        }
        _ => Err(ReloadError::Number(name)),
    }
}

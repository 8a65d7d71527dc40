//! The built web client, inside the binary: every file of `web/dist`, with its compressed forms and its entity tag made at build time.
//!
//! The build script builds the client with npm when `web/dist` is missing or older than its sources.

/// One file of the web client.
#[derive(Debug)]
pub struct Asset {
    /// Absolute URL path, as in `/assets/index-C0FFEE.js`.
    pub path: &'static str,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Strong entity tag with its quotes (RFC 9110 §8.8.3), made from the content.
    pub etag: &'static str,
    /// Whether the name changes with the content, so that a browser may keep the file for ever.
    pub immutable: bool,
    /// The file as it is.
    pub identity: &'static [u8],
    /// The file in brotli, when that is smaller.
    pub br: Option<&'static [u8]>,
    /// The file in gzip, when that is smaller.
    pub gzip: Option<&'static [u8]>,
}

/// Every file, sorted by path.
pub static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file of that URL path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok().and_then(|index| ASSETS.get(index))
}

#[cfg(test)]
mod tests;

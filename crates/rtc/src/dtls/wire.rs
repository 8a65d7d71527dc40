//! Vectors and numbers of TLS (RFC 5246 §4), read without going beyond the end and written with their lengths.

/// What is left of some bytes. `None` everywhere: they end too soon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u24(&mut self) -> Option<usize> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]) as usize)
    }

    /// A vector whose length stands in one byte.
    pub(super) fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(length.into())
    }

    /// A vector whose length stands in two bytes.
    pub(super) fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// A vector whose length stands in three bytes.
    pub(super) fn vector24(&mut self) -> Option<&'a [u8]> {
        let length = self.u24()?;
        self.take(length)
    }
}

/// Whether a list of 16 bit numbers has this one.
pub(super) fn lists(list: &[u8], wanted: u16) -> bool {
    list.chunks_exact(2).any(|item| item == wanted.to_be_bytes())
}

pub(super) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// The lowest 24 bits.
pub(super) fn put_u24(out: &mut Vec<u8>, value: usize) {
    let [.., a, b, c] = value.to_be_bytes();
    out.extend_from_slice(&[a, b, c]);
}

/// Something shorter than 256 bytes, behind its length.
pub(super) fn put_vector8(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

/// Something shorter than 64 KiB, behind its length.
pub(super) fn put_vector16(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u16(out, bytes.len() as u16);
    out.extend_from_slice(bytes);
}

/// Something shorter than 16 MiB, behind its length.
pub(super) fn put_vector24(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u24(out, bytes.len());
    out.extend_from_slice(bytes);
}

//! The binary as its operator meets it. One binary for the whole crate.

#[cfg(test)]
mod binary;
#[cfg(test)]
mod doctor;

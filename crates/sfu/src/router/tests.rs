//! A room as a table language: what comes in, and what each subscriber gets.

mod audio;
mod clocks;
mod codecs;
mod cost;
mod encrypted;
mod limits;
mod local;
mod look;
mod publisher;
mod reconnect;
mod remote;
mod replay;
mod simulcast;
mod streams;
mod svc;
mod trial;
mod video;
pub(crate) mod world;

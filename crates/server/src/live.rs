//! Live streams: sockets and tasks around the cores of `live`.

pub(crate) mod access;
pub(crate) mod audience;
pub(crate) mod clients;
pub mod directory;
pub(crate) mod egress;
pub(crate) mod encoders;
pub(crate) mod entrance;
pub(crate) mod feed;
pub(crate) mod forward;
pub(crate) mod fragment;
pub(crate) mod hls;
pub(crate) mod hooks;
pub(crate) mod offer;
pub mod recording;
pub(crate) mod rtmp;
pub(crate) mod sessions;
pub(crate) mod shows;
pub(crate) mod streams;
pub(crate) mod tap;
pub(crate) mod transcoding;

//! The shell from outside: pages, API, what a port makes of the first bytes, start and end.

mod api;
mod doors;
mod life;
mod metrics;
mod pages;
mod rooms;
mod stats;
mod webhooks;

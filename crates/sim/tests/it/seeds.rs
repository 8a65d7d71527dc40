//! One seed is one run, and the seed reaches every generator.

use std::time::Duration;

use sim::scenario::*;
use sim::{LinkConfig, Loss, NatConfig, Seed};

/// A digest of every packet's way and time.
fn digest(seed: Seed) -> Result<u64, Failure> {
    let link = LinkConfig { loss: Loss::Random(0.1), jitter: Duration::from_millis(10), ..LinkConfig::default() };
    let room = Room::new("seeds").seed(seed);
    let room = room.with(browser("Ana").behind(NatConfig::symmetric()).link(link)).with(browser("Bo").link(link));
    let mut world = room.run([join("Ana"), join("Bo"), wait(Duration::from_secs(60))])?;
    Ok(world.net().digest())
}

#[test]
fn one_seed_is_one_run() -> Result<(), Failure> {
    assert_eq!(digest(Seed::new(1))?, digest(Seed::new(1))?);
    Ok(())
}

#[test]
fn another_seed_is_another_run() -> Result<(), Failure> {
    assert_ne!(digest(Seed::new(1))?, digest(Seed::new(2))?);
    Ok(())
}

#[test]
fn a_run_is_the_same_after_another_run_on_the_same_thread() -> Result<(), Failure> {
    let alone = digest(Seed::new(3))?;
    digest(Seed::new(4))?;
    assert_eq!(digest(Seed::new(3))?, alone);
    Ok(())
}

//! Whatever happens to a call, it is there again when the trouble is over.

use std::time::Duration;

use sim::scenario::*;
use sim::{Firewall, Generator, LinkConfig, Loss, NatConfig, Place, Seed, World};

const SECOND: Duration = Duration::from_secs(1);

/// Troubles that one story holds.
const TROUBLES: usize = 12;

/// How long a call may take to be there again once all is well: a heartbeat, a reconnection, an ICE restart.
const RECOVERY: Duration = Duration::from_secs(60);

fn somewhere(generator: &mut Generator) -> Place {
    match generator.below(6) {
        0 => Place::Public,
        1 => Place::Behind(NatConfig::full_cone()),
        2 => Place::Behind(NatConfig::port_restricted()),
        3 => Place::Behind(NatConfig::symmetric()),
        4 => Place::Behind(NatConfig::symmetric().with_firewall(Firewall::NoUdp)),
        _ => Place::BehindTwo { home: NatConfig::port_restricted(), carrier: NatConfig::symmetric() },
    }
}

fn bad_link(generator: &mut Generator) -> LinkConfig {
    match generator.below(4) {
        0 => LinkConfig::cut(),
        1 => LinkConfig::lossy(0.3),
        2 => LinkConfig { loss: Loss::Burst { every: 2 * SECOND, lasting: SECOND / 2 }, ..LinkConfig::default() },
        _ => {
            LinkConfig { delay: SECOND / 2, jitter: SECOND / 5, reorder: 0.2, duplicate: 0.1, ..LinkConfig::default() }
        }
    }
}

fn trouble(generator: &mut Generator) -> Step {
    let name = if generator.chance(0.5) { "Ana" } else { "Bo" };
    match generator.below(7) {
        0 | 1 => move_to(name, somewhere(generator)),
        2 | 3 => link(name, bad_link(generator)),
        4 => break_socket(name, generator.up_to(50 * SECOND)),
        5 => act(format!("{name} gets another public address"), move |world| world.change_address(name)),
        _ => restart_server(generator.chance(0.5), generator.up_to(20 * SECOND)),
    }
}

fn restart_server(crash: bool, down: Duration) -> Step {
    let how = if crash { "loses its power" } else { "stops" };
    step(format!("the server {how} for {down:?}"), move |world| {
        if crash {
            world.crash_server();
        } else {
            world.stop_server();
        }
        world.run_for(down);
        world.start_server().map_err(|error| error.to_string())
    })
}

fn chaos(seed: Seed) -> Result<World, Failure> {
    let mut generator = seed.generator("chaos");
    let mut steps = vec![join("Ana"), join("Bo")];
    for _ in 0..TROUBLES {
        steps.push(trouble(&mut generator));
        steps.push(wait(generator.up_to(20 * SECOND)));
    }
    let well = ["Ana", "Bo"].map(|name| link(name, LinkConfig::default()));
    steps.extend(well);
    steps.push(wait(RECOVERY));
    steps.push(hear_each_other(SECOND));
    steps.push(check("both are in the room, once", |world| {
        let stats = world.room_stats();
        (stats.rooms, stats.members, stats.reconnecting) == (1, 2, 0)
    }));
    let slow = |name| browser(name).pace(SECOND / 10);
    Room::new("chaos").seed(seed).with(slow("Ana")).with(slow("Bo")).run(steps)
}

#[test]
fn after_any_trouble_the_call_is_there_again() -> Result<(), Failure> {
    for seed in Seed::each(0..40) {
        chaos(seed)?;
    }
    Ok(())
}

//! Calls that need the TURN server: its allocations over time, its limits, its failures.

use std::time::Duration;

use sim::scenario::*;
use sim::{LinkConfig, NatConfig, Path, Place, Seed, ServerConfig};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The TURN servers that a browser is told: over UDP, TCP and TLS. It asks each for an allocation.
const RELAYS_EACH: u64 = 3;

fn relayed(name: &str) -> Guest {
    browser(name).behind(NatConfig::symmetric()).relay_only()
}

fn two(room: &str) -> Room {
    Room::new(room).with(relayed("Ana")).with(relayed("Bo"))
}

/// Two who send a packet a second, for stories of hours.
fn two_slow(room: &str) -> Room {
    Room::new(room).with(relayed("Ana").pace(SECOND)).with(relayed("Bo").pace(SECOND))
}

fn meeting() -> Vec<Step> {
    vec![join("Ana"), wait(SECOND), join("Bo"), hear_each_other(5 * SECOND), wait(5 * SECOND), clear_record()]
}

fn tell(room: Room, steps: impl IntoIterator<Item = Step>) -> Result<sim::World, Failure> {
    room.run(meeting().into_iter().chain(steps))
}

fn allocations(expected: u64) -> Step {
    step(format!("the server holds {expected} allocations"), move |world| {
        let (held, sockets) = (world.turn_stats().allocations, world.relays() as u64);
        let agree = held == expected && sockets == expected;
        agree.then_some(()).ok_or_else(|| format!("it holds {held}, with {sockets} relay sockets"))
    })
}

#[test]
fn two_relayed_browsers_talk_inside_the_server() -> Result<(), Failure> {
    let world = tell(two("hairpin"), [path(Path::Relayed), wait(10 * SECOND), longest_gap_below(SECOND / 5)])?;
    let stats = world.turn_stats();
    assert!(stats.hairpins > 1_000, "{stats:?}");
    Ok(())
}

#[test]
fn who_leaves_gives_every_allocation_back() -> Result<(), Failure> {
    let steps = [
        allocations(2 * RELAYS_EACH),
        leave("Ana"),
        wait(SECOND),
        allocations(0),
        leave("Bo"),
        join("Ana"),
        join("Bo"),
        hear_each_other(5 * SECOND),
        wait(5 * SECOND),
        allocations(2 * RELAYS_EACH),
    ];
    tell(two("give back"), steps).map(drop)
}

#[test]
fn a_relayed_call_of_three_hours_loses_nothing() -> Result<(), Failure> {
    let world = tell(two_slow("hours"), [wait(3 * HOUR), longest_gap_below(2 * SECOND), path(Path::Relayed)])?;
    for browser in world.browsers() {
        let heard = browser.heard();
        assert_eq!(browser.restarts(), 0, "{}", browser.name());
        assert!(heard.packets >= 10_790, "{} heard {} packets", browser.name(), heard.packets);
    }
    Ok(())
}

#[test]
fn a_nonce_that_goes_stale_in_mid_call_is_not_heard() -> Result<(), Failure> {
    let room = two_slow("stale").server(|server| server.turn.limits.nonce_lifetime = 3 * MINUTE);
    let world = tell(room, [wait(HOUR), longest_gap_below(2 * SECOND)])?;
    let challenges = world.turn_stats().challenges;
    assert!(challenges > 4 * RELAYS_EACH, "only {challenges} challenges: no nonce went stale");
    Ok(())
}

#[test]
fn the_allocations_of_a_machine_that_vanished_end_by_themselves() -> Result<(), Failure> {
    let steps = [
        link("Ana", LinkConfig::cut()),
        link("Bo", LinkConfig::cut()),
        wait(9 * MINUTE),
        check("those over UDP are still held", |world| world.turn_stats().allocations >= 2),
        wait(HOUR),
        allocations(0),
        check("nobody is left in the room", |world| world.room_stats().members == 0),
    ];
    tell(two("vanished"), steps).map(drop)
}

#[test]
fn with_a_quota_of_one_allocation_per_user_the_call_uses_that_one() -> Result<(), Failure> {
    let room = two("quota").server(|server| server.turn.limits.allocations_per_user = 1);
    let steps = [
        path(Path::Relayed),
        allocations(2),
        check("the others were refused", |world| world.browsers().all(|browser| browser.failed_relays() == 2)),
        wait(11 * MINUTE),
        hear_each_other(SECOND),
    ];
    tell(room, steps).map(drop)
}

#[test]
fn with_the_servers_allocations_used_up_a_direct_call_needs_none() -> Result<(), Failure> {
    let home = |name| browser(name).behind(NatConfig::port_restricted());
    let room = Room::new("used up").with(home("Ana")).with(home("Bo"));
    let room = room.server(|server| server.turn.limits.allocations_total = 1);
    tell(room, [path(Path::Direct), allocations(1)]).map(drop)
}

#[test]
fn relay_ports_that_another_program_holds_are_passed_over() -> Result<(), Failure> {
    let every_second = |server: &mut ServerConfig| {
        server.turn.relay_ports = 50_000..=50_039;
        server.taken_ports = (50_000..50_040).step_by(2).collect();
    };
    tell(two("taken").server(every_second), [path(Path::Relayed), allocations(2 * RELAYS_EACH)]).map(drop)
}

#[test]
fn without_a_free_relay_port_the_call_fails_and_the_room_goes_on() -> Result<(), Failure> {
    let room = two("no port").server(|server| {
        server.turn.relay_ports = 50_000..=50_009;
        server.taken_ports = (50_000..50_010).collect();
    });
    room.run([
        join("Ana"),
        join("Bo"),
        wait(MINUTE),
        allocations(0),
        check("nobody hears anything", |world| world.browsers().all(|browser| browser.heard().packets == 0)),
        check("both are in the room", |world| world.room_stats().members == 2),
    ])
    .map(drop)
}

#[test]
fn private_addresses_of_the_other_side_are_refused_by_the_relay_and_the_call_is_made_all_the_same()
-> Result<(), Failure> {
    let home = |name| browser(name).behind(NatConfig::symmetric());
    let room = Room::new("private").with(home("Ana")).with(home("Bo"));
    let steps = [
        path(Path::Relayed),
        check("permissions for private addresses were refused", |world| {
            world.browsers().all(|browser| browser.refused_peers() > 0)
        }),
    ];
    tell(room, steps).map(drop)
}

#[test]
fn after_a_crash_of_the_server_relayed_calls_are_made_anew() -> Result<(), Failure> {
    let steps = [
        act("the server loses its power", sim::World::crash_server),
        wait(5 * SECOND),
        step("the server starts", |world| world.start_server().map_err(|error| error.to_string())),
        hear_each_other(45 * SECOND),
        wait(10 * SECOND),
        path(Path::Relayed),
        hear_each_other(SECOND),
        wait(15 * MINUTE),
        hear_each_other(2 * SECOND),
        allocations(2 * RELAYS_EACH),
    ];
    tell(two("crash"), steps).map(drop)
}

#[test]
fn course_clients_with_the_static_user_in_their_source_are_relayed() -> Result<(), Failure> {
    let room = Room::new("static").with(relayed("Ana").speaking_a()).with(relayed("Bo").speaking_a());
    tell(room, [path(Path::Relayed)]).map(drop)
}

#[test]
fn a_relayed_call_survives_loss_and_reordering() -> Result<(), Failure> {
    let link =
        LinkConfig { reorder: 0.05, duplicate: 0.02, jitter: Duration::from_millis(20), ..LinkConfig::lossy(0.05) };
    for seed in Seed::each(0..5) {
        let room = Room::new("bad relay").seed(seed);
        let room = room.with(relayed("Ana").link(link)).with(relayed("Bo").link(link));
        let world = room.run([join("Ana"), join("Bo"), hear_each_other(10 * SECOND), wait(2 * MINUTE)])?;
        for browser in world.browsers() {
            let heard = browser.heard();
            // Four lossy links in a row.
            let share = heard.packets as f64 / heard.sent as f64;
            assert!(share > 0.75, "{seed:?}: {} heard only {share:.2}", browser.name());
        }
    }
    Ok(())
}

#[test]
fn a_public_browser_and_one_that_may_only_relay_talk() -> Result<(), Failure> {
    let room = Room::new("one relay").with(browser("Ana").at(Place::Public)).with(relayed("Bo"));
    tell(room, [path(Path::Relayed)]).map(drop)
}

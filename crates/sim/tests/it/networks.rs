//! Networks that change in the middle of a call.

use std::time::Duration;

use sim::scenario::*;
use sim::{Firewall, LinkConfig, NatConfig, Path, Place, Seed};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn home(name: &str) -> Guest {
    browser(name).behind(NatConfig::port_restricted())
}

fn office() -> Place {
    Place::Behind(NatConfig::symmetric())
}

fn meeting() -> Vec<Step> {
    vec![join("Ana"), wait(SECOND), join("Bo"), hear_each_other(5 * SECOND), wait(5 * SECOND), clear_record()]
}

fn tell(room: Room, steps: impl IntoIterator<Item = Step>) -> Result<(), Failure> {
    room.run(meeting().into_iter().chain(steps)).map(drop)
}

fn restarts(name: &'static str, at_most: u32) -> Step {
    step(format!("{name} has restarted ICE at most {at_most} times"), move |world| {
        let restarts = world.browser(name).restarts();
        (restarts <= at_most).then_some(()).ok_or_else(|| format!("{restarts} times"))
    })
}

#[test]
fn from_home_to_mobile_the_call_goes_on_within_four_seconds() -> Result<(), Failure> {
    for mover in ["Ana", "Bo"] {
        let steps = [
            path(Path::Direct),
            move_to(mover, office()),
            wait(10 * SECOND),
            longest_gap_below(4 * SECOND),
            path(Path::Relayed),
            check("nobody was told of a member who left", |world| {
                world.browser("Ana").sees("Bo") && world.browser("Bo").sees("Ana")
            }),
            restarts(mover, 1),
        ];
        tell(Room::new("mobile").with(home("Ana")).with(home("Bo")), steps)?;
    }
    Ok(())
}

#[test]
fn both_move_at_the_same_moment_and_find_each_other_again() -> Result<(), Failure> {
    let steps = [
        move_to("Ana", office()),
        move_to("Bo", Place::Behind(NatConfig::address_restricted())),
        hear_each_other(10 * SECOND),
        wait(MINUTE),
        hear_each_other(SECOND),
    ];
    tell(Room::new("both move").with(home("Ana")).with(home("Bo")), steps)
}

#[test]
fn from_relayed_to_a_network_that_needs_no_relay_the_path_becomes_direct() -> Result<(), Failure> {
    let room = Room::new("better").with(browser("Ana").at(office())).with(home("Bo"));
    let steps = [
        path(Path::Relayed),
        move_to("Ana", Place::Behind(NatConfig::full_cone())),
        wait(10 * SECOND),
        longest_gap_below(4 * SECOND),
        path(Path::Direct),
    ];
    tell(room, steps)
}

#[test]
fn a_provider_that_changes_the_address_overnight_costs_seconds() -> Result<(), Failure> {
    for name in ["Ana", "Bo"] {
        let steps = [
            act(format!("{name} gets another public address"), move |world| world.change_address(name)),
            wait(20 * SECOND),
            longest_gap_below(12 * SECOND),
            hear_each_other(SECOND),
            wait(2 * MINUTE),
            hear_each_other(SECOND),
        ];
        tell(Room::new("overnight").with(home("Ana")).with(home("Bo")), steps)?;
    }
    Ok(())
}

#[test]
fn a_provider_that_changes_the_address_of_a_relayed_call_costs_seconds() -> Result<(), Failure> {
    let relayed = |name| browser(name).behind(NatConfig::symmetric());
    let steps = [
        act("Ana gets another public address", |world| world.change_address("Ana")),
        wait(20 * SECOND),
        longest_gap_below(12 * SECOND),
        hear_each_other(SECOND),
    ];
    tell(Room::new("relayed overnight").with(relayed("Ana")).with(relayed("Bo")), steps)
}

#[test]
fn a_firewall_that_shuts_udp_in_mid_call_moves_it_to_tcp() -> Result<(), Failure> {
    let shut = act("the firewall of Ana shuts UDP", |world| {
        if let Some(gateway) = world.gateway("Ana") {
            world.net().set_firewall(gateway, Firewall::NoUdp);
        }
    });
    let steps = [shut, wait(25 * SECOND), path(Path::Relayed), hear_each_other(SECOND), longest_gap_below(12 * SECOND)];
    tell(Room::new("shut").with(home("Ana")).with(home("Bo")), steps)
}

#[test]
fn a_walk_through_five_networks_keeps_the_call() -> Result<(), Failure> {
    let stations = [
        Place::Behind(NatConfig::full_cone()),
        office(),
        Place::Behind(NatConfig::port_restricted().with_firewall(Firewall::OnlyHttps)),
        Place::Public,
        office(),
    ];
    let walk = stations.into_iter().flat_map(|place| {
        [
            clear_record(),
            move_to("Bo", place),
            wait(15 * SECOND),
            longest_gap_below(6 * SECOND),
            hear_each_other(SECOND),
        ]
    });
    tell(Room::new("walk").with(home("Ana")).with(home("Bo")), walk)
}

#[test]
fn a_move_over_a_link_that_loses_five_percent_recovers_for_every_seed() -> Result<(), Failure> {
    for seed in Seed::each(0..10) {
        let lossy = LinkConfig::lossy(0.05);
        let room = Room::new("lossy move").seed(seed);
        let room = room.with(home("Ana").link(lossy)).with(home("Bo").link(lossy));
        let steps =
            [move_to("Bo", office()), wait(15 * SECOND), hear_each_other(SECOND), longest_gap_below(8 * SECOND)];
        tell(room, steps)?;
    }
    Ok(())
}

/// Whichever datagram of the beginning is lost, the call is there soon.
#[test]
fn no_single_datagram_is_needed() -> Result<(), Failure> {
    for number in 0..150 {
        let room = Room::new("one lost").with(browser("Ana").at(office())).with(home("Bo"));
        let lose = act(format!("datagram {number} will be lost"), move |world| world.net().lose_datagram(number));
        room.run([lose, join("Ana"), join("Bo"), hear_each_other(8 * SECOND), wait(2 * SECOND), path(Path::Relayed)])?;
    }
    Ok(())
}

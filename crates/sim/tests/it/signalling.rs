//! What members see of each other: joining, leaving, losing the socket, a server that goes away.

use std::time::Duration;

use sim::scenario::*;
use sim::{LinkConfig, Loss, Path, Place, Seed};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Ana and Bo have found each other.
fn meeting() -> Vec<Step> {
    vec![join("Ana"), wait(SECOND), join("Bo"), hear_each_other(5 * SECOND), wait(5 * SECOND), clear_record()]
}

fn tell(room: Room, steps: impl IntoIterator<Item = Step>) -> Result<(), Failure> {
    room.run(meeting().into_iter().chain(steps)).map(drop)
}

fn two(room: &str) -> Room {
    Room::new(room).with(browser("Ana")).with(browser("Bo"))
}

fn told_of(name: &'static str, other: &'static str, online: bool) -> Step {
    let state = if online { "online" } else { "reconnecting" };
    eventually(format!("{name} is told that {other} is {state}"), 2 * SECOND, move |world| {
        world.browser(name).remote_online() == Some(online)
    })
}

fn resumed(name: &'static str, times: u32) -> Step {
    check(format!("{name} has resumed {times} times"), move |world| world.browser(name).resumed() == times)
}

fn sees(name: &'static str, other: &'static str, within: Duration) -> Step {
    eventually(format!("{name} sees {other}"), within, move |world| world.browser(name).sees(other))
}

fn no_longer_sees(name: &'static str, other: &'static str, within: Duration) -> Step {
    eventually(format!("{name} no longer sees {other}"), within, move |world| !world.browser(name).sees(other))
}

fn members(expected: usize) -> Step {
    check(format!("the server counts {expected} members"), move |world| world.room_stats().members == expected)
}

#[test]
fn two_browsers_with_public_addresses_talk_directly() -> Result<(), Failure> {
    tell(two("public"), [path(Path::Direct), longest_gap_below(SECOND / 10)])
}

#[test]
fn two_course_clients_talk() -> Result<(), Failure> {
    let room = Room::new("course").with(browser("Ana").speaking_a()).with(browser("Bo").speaking_a());
    tell(room, [path(Path::Direct)])
}

#[test]
fn a_course_client_and_our_own_talk_whoever_comes_first() -> Result<(), Failure> {
    tell(Room::new("course first").with(browser("Ana").speaking_a()).with(browser("Bo")), [])?;
    tell(Room::new("course second").with(browser("Ana")).with(browser("Bo").speaking_a()), [])
}

#[test]
fn a_third_member_is_refused_and_disturbs_nobody() -> Result<(), Failure> {
    let room = two("full").with(browser("Cy")).with(browser("Di").speaking_a());
    let steps = [
        join("Cy"),
        refused("Cy", 1),
        join("Di"),
        refused("Di", 1),
        hear_each_other(SECOND),
        longest_gap_below(SECOND / 10),
        check("nobody sees the third", |world| !world.browser("Ana").sees("Cy") && !world.browser("Bo").sees("Di")),
    ];
    tell(room, steps)
}

#[test]
fn who_leaves_is_gone_at_once_and_may_come_again() -> Result<(), Failure> {
    let steps = [
        leave("Bo"),
        no_longer_sees("Ana", "Bo", SECOND),
        members(1),
        wait(MINUTE),
        join("Bo"),
        hear_each_other(5 * SECOND),
        leave("Ana"),
        no_longer_sees("Bo", "Ana", SECOND),
        join("Ana"),
        hear_each_other(5 * SECOND),
    ];
    tell(two("again"), steps)
}

#[test]
fn a_seat_is_free_for_another_once_a_member_left() -> Result<(), Failure> {
    let steps = [
        leave("Bo"),
        no_longer_sees("Ana", "Bo", SECOND),
        join("Cy"),
        sees("Ana", "Cy", SECOND),
        eventually("Ana and Cy hear each other", 5 * SECOND, |world| {
            world.browser("Ana").heard().packets > 0 && world.browser("Cy").heard().packets > 0
        }),
    ];
    tell(two("seat").with(browser("Cy")), steps)
}

#[test]
fn a_socket_lost_for_ten_seconds_is_resumed_and_the_sound_goes_on() -> Result<(), Failure> {
    let steps = [
        break_socket("Bo", 10 * SECOND),
        told_of("Ana", "Bo", false),
        wait(5 * SECOND),
        members(2),
        check("Bo has its seat", |world| world.browser("Ana").sees("Bo")),
        eventually("Bo is back", 6 * SECOND, |world| world.browser("Bo").is_joined()),
        told_of("Ana", "Bo", true),
        resumed("Bo", 1),
        longest_gap_below(SECOND / 10),
    ];
    tell(two("ten seconds"), steps)
}

#[test]
fn both_sockets_lost_at_once_are_both_resumed() -> Result<(), Failure> {
    let steps = [
        break_socket("Ana", 3 * SECOND),
        break_socket("Bo", 4 * SECOND),
        wait(10 * SECOND),
        resumed("Ana", 1),
        resumed("Bo", 1),
        longest_gap_below(SECOND / 10),
    ];
    tell(two("both"), steps)
}

#[test]
fn a_socket_lost_again_and_again_is_resumed_each_time() -> Result<(), Failure> {
    let lose = || [break_socket("Bo", 2 * SECOND), wait(5 * SECOND)];
    let steps = [lose(), lose(), lose(), lose()].into_iter().flatten();
    tell(two("again and again"), steps.chain([resumed("Bo", 4), members(2), longest_gap_below(SECOND / 10)]))
}

#[test]
fn a_socket_lost_for_longer_than_the_grace_costs_the_seat_and_the_call_is_made_anew() -> Result<(), Failure> {
    let steps = [
        break_socket("Bo", 40 * SECOND),
        wait(29 * SECOND),
        check("Bo still has its seat", |world| world.browser("Ana").sees("Bo")),
        no_longer_sees("Ana", "Bo", 3 * SECOND),
        members(1),
        sees("Ana", "Bo", 12 * SECOND),
        hear_each_other(5 * SECOND),
        resumed("Bo", 0),
        members(2),
    ];
    tell(two("forty seconds"), steps)
}

#[test]
fn a_course_client_that_loses_its_socket_leaves_at_once_and_joins_again() -> Result<(), Failure> {
    let room = Room::new("course again").with(browser("Ana").speaking_a()).with(browser("Bo").speaking_a());
    let steps = [
        break_socket("Bo", 3 * SECOND),
        no_longer_sees("Ana", "Bo", SECOND),
        sees("Ana", "Bo", 4 * SECOND),
        hear_each_other(5 * SECOND),
    ];
    tell(room, steps)
}

/// Bo moves and tells the server from there; the server still believes in the old socket.
#[test]
fn who_moves_takes_over_from_the_old_socket_with_the_resume_token() -> Result<(), Failure> {
    let steps = [
        move_to("Bo", Place::Public),
        hear_each_other(4 * SECOND),
        resumed("Bo", 1),
        members(2),
        longest_gap_below(4 * SECOND),
        wait(2 * MINUTE),
        check("one socket each is left", |world| world.room_stats().connections == 2),
        check("nobody was told that Bo left", |world| world.browser("Ana").sees("Bo")),
    ];
    tell(two("takeover"), steps)
}

#[test]
fn a_link_that_is_out_for_twenty_seconds_ends_no_call() -> Result<(), Failure> {
    let steps = [
        link("Bo", LinkConfig::cut()),
        wait(20 * SECOND),
        link("Bo", LinkConfig::default()),
        hear_each_other(15 * SECOND),
        wait(MINUTE),
        members(2),
        hear_each_other(SECOND),
    ];
    tell(two("tunnel"), steps)
}

#[test]
fn a_server_that_restarts_in_order_has_everybody_back_within_seconds() -> Result<(), Failure> {
    let steps = [
        act("the server stops", sim::World::stop_server),
        wait(3 * SECOND),
        step("the server starts", |world| world.start_server().map_err(|error| error.to_string())),
        eventually("both are back", 10 * SECOND, |world| world.browsers().all(sim::Browser::is_joined)),
        hear_each_other(10 * SECOND),
        members(2),
    ];
    tell(two("restart"), steps)
}

#[test]
fn a_server_that_loses_its_power_has_everybody_back_once_it_runs() -> Result<(), Failure> {
    let steps = [
        act("the server loses its power", sim::World::crash_server),
        wait(20 * SECOND),
        step("the server starts", |world| world.start_server().map_err(|error| error.to_string())),
        // Nobody told the pages: they notice at the next heartbeat.
        eventually("both are back", 30 * SECOND, |world| world.room_stats().members == 2),
        hear_each_other(10 * SECOND),
    ];
    tell(two("power"), steps)
}

#[test]
fn with_five_percent_loss_on_both_sides_a_call_is_there_within_ten_seconds() -> Result<(), Failure> {
    for seed in Seed::each(0..20) {
        let lossy = |name| browser(name).link(LinkConfig::lossy(0.05));
        let room = Room::new("lossy").seed(seed).with(lossy("Ana")).with(lossy("Bo"));
        room.run([join("Ana"), join("Bo"), hear_each_other(10 * SECOND), wait(10 * SECOND), hear_each_other(SECOND)])?;
    }
    Ok(())
}

#[test]
fn with_bursts_of_loss_while_offer_and_answer_travel_a_call_is_there_within_fifteen_seconds() -> Result<(), Failure> {
    let bursts = LinkConfig { loss: Loss::Burst { every: SECOND, lasting: SECOND / 5 }, ..LinkConfig::default() };
    for seed in Seed::each(0..20) {
        let room = Room::new("bursts").seed(seed);
        let room = room.with(browser("Ana").link(bursts)).with(browser("Bo").link(bursts));
        room.run([join("Ana"), join("Bo"), hear_each_other(15 * SECOND)])?;
    }
    Ok(())
}

/// Bo's seat exists, but Bo does not know it: the answer to the join never came.
#[test]
fn a_joined_that_is_lost_on_its_way_shuts_nobody_out() -> Result<(), Failure> {
    let steps = [
        join("Ana"),
        wait(SECOND),
        join("Bo"),
        eventually("Bo has a seat", SECOND, |world| world.room_stats().members == 2),
        link("Bo", LinkConfig::cut()),
        wait(12 * SECOND),
        check("Bo knows nothing of it", |world| !world.browser("Bo").is_joined()),
        link("Bo", LinkConfig::default()),
        hear_each_other(15 * SECOND),
        members(2),
    ];
    two("lost answer").run(steps).map(drop)
}

#[test]
fn an_offer_made_while_the_other_is_away_waits_for_it() -> Result<(), Failure> {
    let steps = [
        break_socket("Bo", 3 * SECOND),
        wait(SECOND / 5),
        move_to("Ana", Place::Public),
        wait(10 * SECOND),
        longest_gap_below(5 * SECOND),
        hear_each_other(SECOND),
    ];
    tell(two("waiting offer"), steps)
}

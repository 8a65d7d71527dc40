use std::time::Duration;

use crate::clock::Clock;
use crate::link::{LinkConfig, Loss};
use crate::net::{HostId, Net, Output, Realm};
use crate::seed::Seed;
use crate::stream::{Closed, QUEUE_BYTES_MAX, StreamEvent, StreamFull, StreamId};

struct Pair {
    net: Net,
    clock: Clock,
    client: HostId,
    server: HostId,
    /// What each host learnt, in order.
    client_events: Vec<StreamEvent>,
    server_events: Vec<StreamEvent>,
}

impl Pair {
    fn new(link: LinkConfig) -> Self {
        let clock = Clock::new();
        let mut net = Net::new(Seed::new(11), clock.now());
        let client = net.add_host("45.0.0.2".parse().unwrap(), Realm::Internet, link);
        let server = net.add_host("45.0.0.1".parse().unwrap(), Realm::Internet, LinkConfig::default());
        net.listen(server, 443);
        Self { net, clock, client, server, client_events: vec![], server_events: vec![] }
    }

    fn connect(&mut self) -> StreamId {
        self.net.connect(self.clock.now(), self.client, "45.0.0.1:443".parse().unwrap())
    }

    fn run(&mut self, lasting: Duration) {
        let end = self.clock.now() + lasting;
        loop {
            self.collect();
            let Some(next) = self.net.poll_timeout().filter(|next| *next <= end) else {
                break;
            };
            self.clock.advance(next);
            self.net.handle_timeout(next);
        }
        self.clock.advance(end);
    }

    fn collect(&mut self) {
        while let Some(output) = self.net.poll_output() {
            if let Output::Stream { host, event } = output {
                let at_client = host == self.client;
                let events = if at_client { &mut self.client_events } else { &mut self.server_events };
                events.push(event);
            }
        }
    }

    fn accepted(&self) -> StreamId {
        let accepted = self.server_events.iter().find_map(|event| {
            let StreamEvent::Accepted { stream, .. } = event else {
                return None;
            };
            Some(*stream)
        });
        accepted.expect("the server accepted a stream")
    }

    fn bytes_at_server(&self) -> Vec<u8> {
        let pieces = self.server_events.iter().filter_map(|event| {
            let StreamEvent::Bytes(_, bytes) = event else {
                return None;
            };
            Some(bytes.as_slice())
        });
        pieces.flatten().copied().collect()
    }
}

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn bytes_arrive_whole_and_in_order_over_a_bad_link() {
    let link = LinkConfig {
        loss: Loss::Random(0.2),
        reorder: 0.2,
        duplicate: 0.1,
        jitter: Duration::from_millis(20),
        ..LinkConfig::default()
    };
    let mut pair = Pair::new(link);
    let stream = pair.connect();
    for chunk in text(200_000).chunks(999) {
        pair.net.send_stream(pair.clock.now(), pair.client, stream, chunk).unwrap();
        pair.run(Duration::from_millis(10));
    }
    pair.net.close_stream(pair.clock.now(), pair.client, stream);
    pair.run(120 * SECOND);
    let arrived = pair.bytes_at_server();
    assert_eq!(arrived.len(), 200_000);
    assert!(arrived == text(200_000), "in order");
    assert_eq!(pair.server_events.last(), Some(&StreamEvent::Closed(pair.accepted(), Closed::ByPeer)));
    assert_eq!(pair.client_events, [StreamEvent::Opened(stream)]);
    assert_eq!(pair.net.poll_timeout(), None, "both ends have forgotten it");
}

#[test]
fn nobody_listening_is_a_reset() {
    let mut pair = Pair::new(LinkConfig::default());
    let stream = pair.net.connect(pair.clock.now(), pair.client, "45.0.0.1:444".parse().unwrap());
    pair.run(SECOND);
    assert_eq!(pair.client_events, [StreamEvent::Closed(stream, Closed::Reset)]);
}

#[test]
fn nobody_there_times_out_after_two_minutes() {
    let mut pair = Pair::new(LinkConfig::default());
    let stream = pair.net.connect(pair.clock.now(), pair.client, "45.0.0.9:443".parse().unwrap());
    pair.run(100 * SECOND);
    assert_eq!(pair.client_events, []);
    pair.run(60 * SECOND);
    assert_eq!(pair.client_events, [StreamEvent::Closed(stream, Closed::TimedOut)]);
}

#[test]
fn a_silent_path_is_not_noticed_by_the_end_that_sends_nothing() {
    let mut pair = Pair::new(LinkConfig::default());
    pair.connect();
    pair.run(SECOND);
    pair.net.move_host(pair.clock.now(), pair.client, "45.0.0.3".parse().unwrap(), Realm::Internet);
    pair.run(3_600 * SECOND);
    assert_eq!(pair.server_events.len(), 1, "accepted, and nothing since");
    let stream = pair.accepted();
    pair.net.send_stream(pair.clock.now(), pair.server, stream, b"anybody?").unwrap();
    pair.run(1_200 * SECOND);
    assert_eq!(pair.server_events.last(), Some(&StreamEvent::Closed(stream, Closed::TimedOut)));
}

#[test]
fn a_move_ends_the_streams_of_the_host_that_moves() {
    let mut pair = Pair::new(LinkConfig::default());
    let stream = pair.connect();
    pair.run(SECOND);
    pair.net.move_host(pair.clock.now(), pair.client, "45.0.0.3".parse().unwrap(), Realm::Internet);
    pair.run(SECOND);
    assert_eq!(pair.client_events.last(), Some(&StreamEvent::Closed(stream, Closed::AddressLost)));
}

#[test]
fn a_host_that_lost_its_power_resets_what_it_forgot() {
    let mut pair = Pair::new(LinkConfig::default());
    let stream = pair.connect();
    pair.run(SECOND);
    pair.net.lose_power(pair.server);
    pair.net.send_stream(pair.clock.now(), pair.client, stream, b"hello").unwrap();
    pair.run(SECOND);
    assert_eq!(pair.client_events.last(), Some(&StreamEvent::Closed(stream, Closed::Reset)));
}

#[test]
fn a_queue_takes_bytes_up_to_its_limit_and_none_of_one_too_many() {
    let mut pair = Pair::new(LinkConfig::cut());
    let stream = pair.connect();
    let now = pair.clock.now();
    assert_eq!(pair.net.send_stream(now, pair.client, stream, &text(QUEUE_BYTES_MAX)), Ok(()));
    assert_eq!(pair.net.send_stream(now, pair.client, stream, b"x"), Err(StreamFull));
}

#[test]
fn an_aborted_stream_is_reset_at_the_other_end() {
    let mut pair = Pair::new(LinkConfig::default());
    let stream = pair.connect();
    pair.run(SECOND);
    pair.net.abort_stream(pair.clock.now(), pair.client, stream);
    pair.run(SECOND);
    assert_eq!(pair.server_events.last(), Some(&StreamEvent::Closed(pair.accepted(), Closed::Reset)));
    assert_eq!(pair.client_events, [StreamEvent::Opened(stream)]);
}

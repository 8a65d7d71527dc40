//! STUN and TURN on real sockets, with a client written for the purpose.

mod client;
mod fault;
mod load;
mod mobility;
mod operation;
mod seen;
mod single_port;
mod stream;
mod udp;
mod workers;

use std::net::SocketAddr;

use server::workers::{Handle, Settings, Workers};
use turn::Config;
use turn::credentials::Password;

use self::client::{PASSWORD, REALM, TurnClient, USER};

/// A server that relays between loopback addresses, changed by `change` before it starts.
fn serve(change: impl FnOnce(&mut Settings)) -> Handle {
    let mut core = Config::new(REALM);
    core.relay_v4 = Some([127, 0, 0, 1].into());
    core.relay_v6 = Some("::1".parse().unwrap());
    core.credentials.users.push((USER.to_owned(), Password::new(PASSWORD)));
    core.allow_peers = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    let mut settings = Settings::new(core);
    settings.udp_listen = vec![address("127.0.0.1:0"), address("[::1]:0")];
    change(&mut settings);
    Workers::spawn(settings).expect("a server on free ports")
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The server's addresses, IPv4 first.
fn listeners(server: &Handle) -> Vec<SocketAddr> {
    server.local_addresses().udp.clone()
}

/// Two clients of `server` with an allocation each and a channel to each other; their relayed addresses.
async fn pair(mut one: TurnClient, mut two: TurnClient) -> (TurnClient, TurnClient) {
    let family = address("127.0.0.1:0");
    let first = one.allocate(family).await.unwrap();
    let second = two.allocate(family).await.unwrap();
    one.bind_channel(CHANNEL, second).await.unwrap();
    two.bind_channel(CHANNEL, first).await.unwrap();
    (one, two)
}

/// The first number of RFC 8656 §12.
const CHANNEL: u16 = 0x4000;

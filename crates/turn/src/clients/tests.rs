use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use proptest::prelude::*;

use super::Clients;
use crate::address::{ClientAddr, Transport};
use crate::allocation::AllocationId;
use crate::hash::SeededState;

#[derive(Debug, Clone)]
enum Operation {
    Find(u16),
    Insert(u16, u32),
    Remove(u16),
}

proptest! {
    #[test]
    fn remembering_the_last_one_changes_no_answer(operations in prop::collection::vec(operation(), 1..60)) {
        let mut clients = Clients::new(SeededState::new((3, 5)));
        let mut model = BTreeMap::new();
        for operation in operations {
            match operation {
                Operation::Find(port) => {
                    let expected = model.get(&port).copied();
                    prop_assert_eq!(clients.get(&client(port)), expected);
                    prop_assert_eq!(clients.find(&client(port)), expected);
                    prop_assert_eq!(clients.get(&client(port)), expected);
                }
                Operation::Insert(port, id) => {
                    clients.insert(client(port), AllocationId(id));
                    model.insert(port, AllocationId(id));
                }
                Operation::Remove(port) => {
                    clients.remove(&client(port));
                    model.remove(&port);
                }
            }
        }
    }
}

#[test]
fn clients_that_differ_in_one_thing_hash_differently() {
    let v4 = [([192, 0, 2, 1], 3478), ([192, 0, 2, 2], 3478), ([192, 0, 2, 1], 3479)].map(SocketAddr::from);
    let v6 = |last, port| SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, last)), port);
    let ends = [v4.as_slice(), &[v6(1, 3478), v6(2, 3478), v6(1, 3479)]].concat();
    let mut hashes = Vec::new();
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        for &local in &ends {
            for &remote in &ends {
                let mut hasher = DefaultHasher::new();
                ClientAddr { transport, local, remote }.hash(&mut hasher);
                hashes.push(hasher.finish());
            }
        }
    }
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (0_u16..4).prop_map(Operation::Find),
        2 => (0_u16..4, 0_u32..100).prop_map(|(port, id)| Operation::Insert(port, id)),
        1 => (0_u16..4).prop_map(Operation::Remove),
    ]
}

fn client(port: u16) -> ClientAddr {
    let end = |last| SocketAddr::from(([192, 0, 2, last], 1000 + port));
    ClientAddr { transport: Transport::Udp, local: end(1), remote: end(2) }
}

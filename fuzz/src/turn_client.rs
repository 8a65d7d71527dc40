//! Bytes from clients: one that has an allocation with a channel and a permission, and one that has nothing.

use crate::turn_operations::World;

/// Messages, each behind a byte that chooses the client and two bytes of length.
pub fn run(data: &[u8]) {
    let mut world = World::new();
    world.prepare_first_client();
    let mut rest = data;
    while let Some((&[choice, high, low], after)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(after.len());
        let (message, next) = after.split_at(length);
        world.feed(usize::from(choice), message);
        rest = next;
    }
    world.end();
}

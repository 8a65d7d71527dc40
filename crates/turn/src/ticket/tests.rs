use super::*;

const TICKET: Ticket = Ticket { allocation: AllocationKey { slot: 7, serial: 300 }, number: 2 };

fn tickets(key: u8) -> Tickets {
    Tickets::new([key; 32], Shard::ALONE)
}

#[test]
fn what_is_sealed_opens_as_it_was() {
    assert_eq!(tickets(1).open(&tickets(1).seal(TICKET, [9; NONCE_LEN])), Some(TICKET));
}

#[test]
fn a_ticket_tells_nothing_of_what_it_says() {
    let value = tickets(1).seal(TICKET, [9; NONCE_LEN]);
    assert_eq!(value.len(), 41);
    assert_ne!(value[13..25], [7_u32, 300, 2].map(u32::to_be_bytes).concat());
    assert_ne!(value[13..], tickets(1).seal(TICKET, [8; NONCE_LEN])[13..], "no two are alike");
}

#[test]
fn a_ticket_that_is_changed_anywhere_or_cut_or_of_another_key_is_none() {
    let value = tickets(1).seal(TICKET, [9; NONCE_LEN]);
    assert_eq!(tickets(2).open(&value), None);
    for at in 0..value.len() {
        let mut changed = value.clone();
        changed[at] ^= 1;
        assert_eq!(tickets(1).open(&changed), None, "byte {at}");
        assert_eq!(tickets(1).open(&value[..at]), None, "{at} bytes");
    }
    assert_eq!(tickets(1).open(&[value, vec![0]].concat()), None);
}

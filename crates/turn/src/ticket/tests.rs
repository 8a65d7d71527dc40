use super::*;

const TICKET: Ticket = Ticket { allocation: AllocationKey { slot: 7, serial: 300 }, number: 2 };

fn tickets(key: u8) -> Tickets {
    Tickets::new([key; 32], Shard::ALONE)
}

#[test]
fn what_is_sealed_opens_as_it_was() {
    assert_eq!(tickets(1).open(tickets(1).seal(TICKET).as_bytes()), Some(TICKET));
}

#[test]
fn a_ticket_tells_nothing_of_what_it_says() {
    let value = tickets(1).seal(TICKET);
    let next = tickets(1).seal(Ticket { number: TICKET.number + 1, ..TICKET });
    let (value, next) = (decoded(value.as_bytes()).unwrap(), decoded(next.as_bytes()).unwrap());
    assert_ne!(value[13..21], [7_u32, 300].map(u32::to_be_bytes).concat());
    assert!(value[13..].iter().zip(&next[13..]).filter(|(one, other)| one == other).count() < 4, "no two are alike");
}

#[test]
fn a_ticket_has_32_characters_without_a_zero_byte_which_is_what_the_client_of_coturn_keeps() {
    for number in [0, 1, NUMBER_MAX] {
        let value = tickets(1).seal(Ticket { number, ..TICKET });
        assert_eq!(value.len(), 32);
        assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{value}");
        assert_eq!(tickets(1).open(value.as_bytes()), Some(Ticket { number, ..TICKET }));
    }
}

#[test]
fn a_ticket_that_is_changed_anywhere_or_cut_or_of_another_key_is_none() {
    let value = tickets(1).seal(TICKET).into_bytes();
    assert_eq!(tickets(2).open(&value), None);
    for at in 0..value.len() {
        let mut changed = value.clone();
        changed[at] ^= 1;
        assert_eq!(tickets(1).open(&changed), None, "byte {at}");
        assert_eq!(tickets(1).open(&value[..at]), None, "{at} bytes");
    }
    assert_eq!(tickets(1).open(&[&value[..], b"A"].concat()), None);
}

use super::*;

#[test]
fn every_port_of_the_range_is_found_once() {
    let mut ports = Ports::new(&(65_530..=65_535));
    let mut found = Vec::new();
    while let Some(port) = ports.find(4, PortWish::Any) {
        ports.set(port, Owner::Reservation);
        found.push(port);
    }
    assert_eq!(found, [65_534, 65_535, 65_530, 65_531, 65_532, 65_533]);
    ports.set(65_531, Owner::Nobody);
    ports.set(65_531, Owner::Nobody);
    assert_eq!(ports.find(0, PortWish::Any), Some(65_531));
    assert_eq!(ports.find(0, PortWish::Even), None);
}

#[test]
fn the_last_port_of_all_has_no_next_one() {
    let ports = Ports::new(&(65_534..=65_535));
    assert_eq!(ports.find(0, PortWish::EvenAndNext), Some(65_534));
    let ports = Ports::new(&(65_533..=65_534));
    assert_eq!(ports.find(0, PortWish::EvenAndNext), None);
}

#[test]
fn a_port_outside_of_the_range_is_nobodys() {
    let mut ports = Ports::new(&(50_000..=50_001));
    for port in [0, 49_999, 50_002, 65_535] {
        ports.set(port, Owner::Reservation);
        assert_eq!((ports.owner(port), ports.contains(port)), (Owner::Nobody, false));
    }
}

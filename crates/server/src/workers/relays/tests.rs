use super::*;

#[test]
fn the_name_of_an_allocation_is_read_as_it_is_written() {
    let name = AllocationName { worker: 3, key: AllocationKey { slot: 7, serial: u32::MAX } };
    assert_eq!((name.to_string().as_str(), name.to_string().parse()), ("3-7-4294967295", Ok(name)));
    for wrong in ["", "1", "1-2", "1-2-3-4", "-1-2-3", "1-2-x", "1-2-4294967296", "1--3"] {
        assert_eq!(wrong.parse::<AllocationName>(), Err(NoName), "{wrong}");
    }
}

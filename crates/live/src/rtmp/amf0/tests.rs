use bytes::BytesMut;
use proptest::prelude::*;

use super::{AmfError, DEPTH_MAX, VALUES_MAX, Value};

fn written(values: &[Value]) -> BytesMut {
    let mut bytes = BytesMut::new();
    values.iter().for_each(|value| value.write(&mut bytes));
    bytes
}

#[test]
fn a_command_is_read_as_it_stands_on_the_wire() {
    let mut bytes = b"\x02\x00\x07connect\x00\x3f\xf0\0\0\0\0\0\0\x03\x00\x03app\x02\x00\x04live\x00\x00\x09".to_vec();
    let command = [Value::from("connect"), Value::from(1.0), Value::object([("app", Value::from("live"))])];
    assert_eq!(Value::read_all(&bytes).expect("a command"), command);
    assert_eq!(written(&command), bytes);
    bytes.pop();
    assert_eq!(Value::read_all(&bytes).expect("the end may be missing"), command);
}

#[test]
fn arrays_by_name_and_objects_of_a_class_are_objects() {
    let object = Value::object([("a", Value::Boolean(true))]);
    assert_eq!(Value::read_all(b"\x08\0\0\0\x07\0\x01a\x01\x01\0\0\x09"), Ok(vec![object.clone()]));
    assert_eq!(Value::read_all(b"\x10\0\x01C\0\x01a\x01\x01\0\0\x09"), Ok(vec![object]));
    assert_eq!(Value::read_all(b"\x05\x06\x0d"), Ok(vec![Value::Null; 3]));
}

#[test]
fn what_is_no_value_is_refused() {
    for (bytes, error) in [
        (&b"\x00\x3f"[..], AmfError::Truncated),
        (b"\x02\x00\x05abcd", AmfError::Truncated),
        (b"\x0c\xff\xff\xff\xffab", AmfError::Truncated),
        (b"\x11\x01", AmfError::Marker(0x11)),
        (b"\x02\x00\x01\xff", AmfError::NotUtf8),
    ] {
        assert_eq!(Value::read_all(bytes), Err(error));
    }
}

#[test]
fn values_may_be_nested_to_the_limit_and_not_beyond() {
    let nested = |depth: usize| (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    assert!(Value::read_all(&written(&[nested(DEPTH_MAX)])).is_ok());
    assert_eq!(Value::read_all(&written(&[nested(DEPTH_MAX + 1)])), Err(AmfError::TooDeep(DEPTH_MAX)));
}

#[test]
fn there_may_be_values_up_to_the_limit_and_not_beyond() {
    assert!(Value::read_all(&vec![5; VALUES_MAX]).is_ok());
    assert_eq!(Value::read_all(&vec![5; VALUES_MAX + 1]), Err(AmfError::TooMany(VALUES_MAX)));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (-1e9..1e9).prop_map(Value::Number),
        any::<bool>().prop_map(Value::Boolean),
        ".{0,9}".prop_map(Value::String),
        Just(Value::Null),
        (0.0..1e12).prop_map(Value::Date),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::vec(("[a-z]{1,9}", inner), 0..4).prop_map(Value::Object),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(values in proptest::collection::vec(value(), 0..4)) {
        prop_assert_eq!(Value::read_all(&written(&values)), Ok(values));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Value::read_all(&bytes);
    }
}

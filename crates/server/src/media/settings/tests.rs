use super::*;

#[test]
fn each_start_has_a_certificate_of_its_own() {
    let [one, two] = [certificate().unwrap(), certificate().unwrap()];
    assert_ne!(one.fingerprint(), two.fingerprint());
}

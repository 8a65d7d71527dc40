//! Offers that nobody would write: what is answered nevertheless, is answered properly.

use proptest::prelude::*;

use super::{answer_to, corpus, session, validity};

/// The offers of the corpus, cut into lines.
fn material() -> Vec<Vec<String>> {
    let offers = corpus::files().into_iter().flat_map(|name| corpus::read(&name).1);
    offers.map(|offer| offer.lines().map(str::to_owned).collect()).collect()
}

/// One change of a text in lines.
#[derive(Debug, Clone)]
enum Change {
    Drop(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Digit(prop::sample::Index, u8),
    Cut(prop::sample::Index, prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Change::Drop),
        (index(), index()).prop_map(|(from, to)| Change::Repeat(from, to)),
        (index(), b'0'..=b'9').prop_map(|(line, digit)| Change::Digit(line, digit)),
        (index(), index()).prop_map(|(line, at)| Change::Cut(line, at)),
    ]
}

fn apply(lines: &mut Vec<String>, change: &Change) {
    match change {
        Change::Drop(line) => drop(lines.remove(line.index(lines.len()))),
        Change::Repeat(from, to) => lines.insert(to.index(lines.len()), lines[from.index(lines.len())].clone()),
        Change::Digit(line, digit) => {
            let line = line.index(lines.len());
            lines[line] = lines[line].replacen(|c: char| c.is_ascii_digit(), &char::from(*digit).to_string(), 1);
        }
        Change::Cut(line, at) => {
            let line = line.index(lines.len());
            let at = at.index(lines[line].len() + 1);
            lines[line].truncate(at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_offer_that_is_answered_is_answered_properly_however_it_was_mangled(
        which in any::<prop::sample::Index>(),
        rounds in prop::collection::vec(prop::collection::vec(change(), 0..8), 1..4),
    ) {
        let material = material();
        let original = &material[which.index(material.len())];
        let mut session = session();
        for changes in &rounds {
            let mut lines = original.clone();
            for change in changes {
                if lines.len() > 1 {
                    apply(&mut lines, change);
                }
            }
            let offer = lines.join("\r\n");
            if let Ok(answer) = answer_to(&mut session, &offer) {
                validity::check(&offer, &answer);
            }
        }
    }
}

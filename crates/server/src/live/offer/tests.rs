use room::media::Source;

use super::{BadOffer, Offer};
use crate::live::access::Deed;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a v w\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
                     m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=sendonly\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=sendrecv\r\n\
                     m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:w\r\na=sendonly\r\n";

#[test]
fn first_sound_and_first_picture_are_taken() {
    let offer = Offer::parse(Deed::Publish, OFFER.to_owned()).unwrap();
    let taken = [("a".to_owned(), Source::Microphone), ("v".to_owned(), Source::Camera)];
    assert_eq!((offer.slots().as_slice(), offer.ufrag()), (taken.as_slice(), "abcd"));
    let offer = Offer::parse(Deed::Play, OFFER.to_owned()).unwrap();
    assert_eq!(offer.slots(), [("v".to_owned(), Source::Camera)]);
}

#[test]
fn offer_that_goes_the_other_way_is_refused() {
    let sends = OFFER.replace("sendrecv", "sendonly");
    assert_eq!(Offer::parse(Deed::Play, sends).unwrap_err(), BadOffer::ReceivesNothing);
    let receives = OFFER.replace("sendrecv", "recvonly").replace("sendonly", "recvonly");
    assert_eq!(Offer::parse(Deed::Publish, receives).unwrap_err(), BadOffer::SendsNothing);
    assert!(matches!(Offer::parse(Deed::Play, "hello".to_owned()), Err(BadOffer::Malformed(_))));
}

#[test]
fn restart_changes_the_credentials_and_nothing_else() {
    let offer = Offer::parse(Deed::Publish, OFFER.to_owned()).unwrap();
    let restarted = offer.with_credentials("wxyz", "x123456789012345678901");
    let expected = OFFER.replace("abcd", "wxyz").replace(":0123456789012345678901", ":x123456789012345678901");
    assert_eq!((restarted.sdp(), restarted.ufrag()), (expected.as_str(), "wxyz"));
}

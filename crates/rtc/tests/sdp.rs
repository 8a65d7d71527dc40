//! Our SDP beside `webrtc-sdp`, the reader that Firefox uses: of real offers, of parts of them and of our answers both say the same.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use rtc::candidate::{Candidate, Transport};
use rtc::sdp::{Description, Direction, Fingerprint, HashFunction, MediaDescription, Setup, TransportAttributes};
use rtc::session::{Allow, LocalTransport, Session};
use webrtc_sdp::attribute_type::{
    SdpAttribute, SdpAttributeFmtp, SdpAttributeGroupSemantic, SdpAttributePayloadType, SdpAttributeRtcpFb,
    SdpAttributeSimulcastVersion,
};
use webrtc_sdp::parse_sdp;

/// What one level says, session or media, in the words of SDP.
type Facts = BTreeSet<String>;

/// The real offers by their names, all rounds of a connection, without the comments.
fn corpus() -> Vec<(String, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files = std::fs::read_dir(folder).expect("the corpus").map(|file| file.expect("a file").path());
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("text");
        let plain = |round: &str| {
            let lines = round.lines().filter(|line| !line.starts_with('#'));
            lines.map(|line| format!("{line}\r\n")).collect::<String>()
        };
        let rounds = text.split("# ---").map(plain).collect();
        (path.file_stem().expect("a name").display().to_string(), rounds)
    };
    let mut offers: Vec<_> = files.map(read).collect();
    offers.sort();
    offers
}

fn ours(text: &str) -> Vec<Facts> {
    let description = Description::parse(text).expect("an offer");
    let mut session = Facts::new();
    session.extend(
        description.bundle.iter().map(|mids| {
            ["group:BUNDLE"].into_iter().chain(mids.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
        }),
    );
    session.extend(description.ice_lite.then(|| "ice-lite".to_owned()));
    session.extend(description.extmap_allow_mixed.then(|| "extmap-allow-mixed".to_owned()));
    session.extend(description.direction.map(|direction| direction.as_str().to_owned()));
    add_transport(&mut session, &description.transport);
    std::iter::once(session).chain(description.media.iter().map(of_media)).collect()
}

fn of_media(media: &MediaDescription) -> Facts {
    let mut facts = Facts::new();
    let mut add = |fact: String| assert!(facts.insert(fact.clone()), "{fact} twice");
    add(format!("m={} {} {} {}", media.kind.as_str(), media.port, media.protocol, media.formats.join(" ")));
    media.mid.iter().for_each(|mid| add(format!("mid:{mid}")));
    media.direction.into_iter().for_each(|direction| add(direction.as_str().to_owned()));
    let flags = [
        (media.bundle_only, "bundle-only"),
        (media.rtcp_mux, "rtcp-mux"),
        (media.rtcp_rsize, "rtcp-rsize"),
        (media.extmap_allow_mixed, "extmap-allow-mixed"),
    ];
    flags.into_iter().filter(|(is_set, _)| *is_set).for_each(|(_, name)| add(name.to_owned()));
    for extension in &media.extensions {
        let direction = extension.direction.map(Direction::as_str).unwrap_or_default();
        add(format!("extmap:{}{direction} {}", extension.id, extension.uri));
    }
    media.ssrcs.iter().for_each(|ssrc| add(format!("ssrc:{ssrc}")));
    for group in &media.ssrc_groups {
        let ssrcs: Vec<String> = group.ssrcs.iter().map(u32::to_string).collect();
        add(format!("ssrc-group:{} {}", group.semantics, ssrcs.join(" ")));
    }
    media.rids.iter().for_each(|it| add(format!("rid:{} {}", it.rid, if it.sends { "send" } else { "recv" })));
    if let Some(simulcast) = &media.simulcast {
        let names = |rids: &[rtp::parameters::Rid]| rids.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
        add(format!("simulcast:send {} recv {}", names(&simulcast.send), names(&simulcast.receive)));
    }
    media.sctp_port.iter().for_each(|port| add(format!("sctp-port:{port}")));
    media.max_message_bytes.iter().for_each(|bytes| add(format!("max-message-size:{bytes}")));
    for payload in media.payloads.iter().filter(|payload| !payload.encoding.is_empty()) {
        let number = payload.payload_type;
        add(format!("rtpmap:{number} {}/{}/{}", payload.encoding, payload.clock_rate_hz, payload.channels));
        let parameter = |name: &str| payload.parameter(name).map(str::to_ascii_lowercase);
        for name in ["apt", "packetization-mode", "profile-level-id"] {
            parameter(name).into_iter().for_each(|value| add(format!("fmtp:{number} {name}={value}")));
        }
        for name in ["stereo", "usedtx", "useinbandfec", "level-asymmetry-allowed"] {
            let is_set = parameter(name).is_some_and(|value| value == "1");
            is_set.then(|| add(format!("fmtp:{number} {name}=1")));
        }
        let feedback = &payload.feedback;
        let feedback = [
            (feedback.nack, "nack"),
            (feedback.pli, "nack pli"),
            (feedback.fir, "ccm fir"),
            (feedback.transport_cc, "transport-cc"),
            (feedback.remb, "goog-remb"),
        ];
        feedback
            .into_iter()
            .filter(|(is_set, _)| *is_set)
            .for_each(|(_, name)| add(format!("rtcp-fb:{number} {name}")));
    }
    add_transport(&mut facts, &media.transport);
    facts
}

fn add_transport(facts: &mut Facts, transport: &TransportAttributes) {
    facts.extend(transport.ufrag.iter().map(|ufrag| format!("ice-ufrag:{ufrag}")));
    facts.extend(transport.pwd.iter().map(|pwd| format!("ice-pwd:{pwd}")));
    facts.extend(transport.trickle.then(|| "trickle".to_owned()));
    facts.extend(transport.fingerprints.iter().map(|fingerprint| format!("fingerprint:{fingerprint}")));
    facts.extend(transport.setup.iter().map(|setup| match setup {
        Setup::Active => "setup:active".to_owned(),
        Setup::Passive => "setup:passive".to_owned(),
        Setup::ActPass => "setup:actpass".to_owned(),
        Setup::Other(other) => format!("setup:{other}"),
    }));
}

fn theirs(text: &str) -> Option<Vec<Facts>> {
    let description = parse_sdp(text, false).ok()?;
    let session = description.attribute.iter().flat_map(|attribute| of_attribute(attribute, &[])).collect();
    let media = description.media.iter().map(|media| {
        let line = format!("m={} {} {} {}", media.get_type(), media.get_port(), media.get_proto(), media.get_formats());
        // Of a format without a name nobody can tell what its parameters mean.
        let named = media.get_attributes().iter().filter_map(|attribute| {
            if let SdpAttribute::Rtpmap(it) = attribute { Some(it.payload_type) } else { None }
        });
        let named: Vec<u8> = named.collect();
        let attributes = media.get_attributes().iter().flat_map(|attribute| of_attribute(attribute, &named));
        attributes.chain([line]).collect()
    });
    Some(std::iter::once(session).chain(media).collect())
}

/// What an attribute says, as far as a media server has use for it; `formats` are those of its media description
/// that have names.
fn of_attribute(attribute: &SdpAttribute, formats: &[u8]) -> Vec<String> {
    use SdpAttribute as A;
    match attribute {
        A::BundleOnly
        | A::ExtmapAllowMixed
        | A::Fingerprint(_)
        | A::IceLite
        | A::IcePwd(_)
        | A::IceUfrag(_)
        | A::Inactive
        | A::MaxMessageSize(_)
        | A::Mid(_)
        | A::Recvonly
        | A::RtcpMux
        | A::RtcpRsize
        | A::SctpPort(_)
        | A::Sendonly
        | A::Sendrecv
        | A::Setup(_) => vec![attribute.to_string()],
        A::Group(it) if matches!(it.semantics, SdpAttributeGroupSemantic::Bundle) => vec![attribute.to_string()],
        // OBS puts a comma between them.
        A::IceOptions(options) => {
            let options = options.iter().flat_map(|options| options.split(','));
            options.filter(|option| *option == "trickle").map(str::to_owned).collect()
        }
        A::Extmap(it) => {
            let direction = it.direction.as_ref().map(ToString::to_string).unwrap_or_default();
            vec![format!("extmap:{}{direction} {}", it.id, it.url)]
        }
        A::Rid(it) => vec![format!("rid:{} {}", it.id, it.direction)],
        A::Simulcast(it) => {
            let first = |versions: &[SdpAttributeSimulcastVersion]| {
                let ids = versions.iter().filter_map(|version| version.ids.first()).map(|id| id.id.clone());
                ids.collect::<Vec<_>>().join(";")
            };
            vec![format!("simulcast:send {} recv {}", first(&it.send), first(&it.receive))]
        }
        A::Ssrc(it) => vec![format!("ssrc:{}", it.id)],
        A::SsrcGroup(semantics, ssrcs) => {
            let ssrcs: Vec<String> = ssrcs.iter().map(|ssrc| ssrc.id.to_string()).collect();
            vec![format!("ssrc-group:{semantics} {}", ssrcs.join(" "))]
        }
        A::Rtpmap(it) => {
            vec![format!("rtpmap:{} {}/{}/{}", it.payload_type, it.codec_name, it.frequency, it.channels.unwrap_or(1))]
        }
        A::Fmtp(it) if formats.contains(&it.payload_type) => of_fmtp(it),
        A::Rtcpfb(it) => of_feedback(it, formats),
        A::Candidate(_)
        | A::DtlsMessage(_)
        | A::EndOfCandidates
        | A::Fmtp(_)
        | A::FrameRate(_)
        | A::Group(_)
        | A::IceMismatch
        | A::IcePacing(_)
        | A::Identity(_)
        | A::ImageAttr(_)
        | A::Label(_)
        | A::MaxPtime(_)
        | A::Msid(_)
        | A::MsidSemantic(_)
        | A::Ptime(_)
        | A::RemoteCandidate(_)
        | A::Rtcp(_)
        | A::RtcpMuxOnly
        | A::Sctpmap(_) => Vec::new(),
    }
}

fn of_fmtp(fmtp: &SdpAttributeFmtp) -> Vec<String> {
    let (number, it) = (fmtp.payload_type, &fmtp.parameters);
    let mut facts: Vec<String> = it.rtx.iter().map(|rtx| format!("fmtp:{number} apt={}", rtx.apt)).collect();
    if it.profile_level_id != H264_BASELINE {
        facts.push(format!("fmtp:{number} profile-level-id={:06x}", it.profile_level_id));
        facts.push(format!("fmtp:{number} packetization-mode={}", it.packetization_mode));
    }
    let flags = [
        (it.stereo, "stereo"),
        (it.usedtx, "usedtx"),
        (it.useinbandfec, "useinbandfec"),
        (it.level_asymmetry_allowed, "level-asymmetry-allowed"),
    ];
    facts.extend(flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| format!("fmtp:{number} {name}=1")));
    facts
}

fn of_feedback(it: &SdpAttributeRtcpFb, formats: &[u8]) -> Vec<String> {
    let numbers = match &it.payload_type {
        SdpAttributePayloadType::PayloadType(number) if !formats.contains(number) => &[],
        SdpAttributePayloadType::PayloadType(number) => std::slice::from_ref(number),
        SdpAttributePayloadType::Wildcard => formats,
    };
    let name = format!("{} {}", it.feedback_type, it.parameter);
    let known = ["nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"];
    let known = known.into_iter().filter(|known| *known == name.trim());
    known.flat_map(|name| numbers.iter().map(move |number| format!("rtcp-fb:{number} {name}"))).collect()
}

/// Differences between what both say of a description; `None` when they cannot read it at all.
fn differences(text: &str) -> Option<Vec<String>> {
    let (ours, theirs) = (ours(text), theirs(text)?);
    assert_eq!(ours.len(), theirs.len());
    let levels = ours.iter().zip(&theirs).enumerate();
    let differing = levels.flat_map(|(level, (ours, theirs))| {
        let only_ours = ours.difference(theirs).map(move |fact| format!("level {level}: only ours: {fact}"));
        only_ours.chain(theirs.difference(ours).map(move |fact| format!("level {level}: only theirs: {fact}")))
    });
    Some(differing.collect())
}

/// What they take where no profile is given (RFC 6184 §8.1).
const H264_BASELINE: u32 = 0x0042_000a;

#[test]
fn real_offers_say_the_same_to_both() {
    for (name, rounds) in corpus() {
        for offer in rounds {
            assert_eq!(differences(&offer), Some(Vec::new()), "{name}");
        }
    }
}

#[test]
fn our_answers_to_real_offers_say_the_same_to_both() {
    let fingerprint = Fingerprint::new(HashFunction::Sha256, &[7; 32]).unwrap();
    let candidate = Candidate { transport: Transport::Udp, address: ([192, 0, 2, 1], 3478).into() };
    for (name, rounds) in corpus() {
        let mut session = Session::new([1; 32]);
        for offer in rounds {
            let Ok(negotiation) = session.negotiate(&offer, &Allow::everything()) else {
                assert!(name.contains("without-bundle"), "{name} is refused");
                continue;
            };
            let local = LocalTransport {
                ufrag: "abcd",
                pwd: "0123456789abcdefghijkl",
                fingerprint: &fingerprint,
                candidates: &[candidate],
            };
            let answer = session.accept(negotiation, &local).sdp;
            assert_eq!(differences(&answer), Some(Vec::new()), "{name}: {answer}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn parts_of_real_offers_say_the_same_to_both(choice in any::<usize>(), missing in vec(any::<usize>(), 1..24)) {
        let offers: Vec<String> = corpus().into_iter().flat_map(|(_, rounds)| rounds).collect();
        let offer = &offers[choice % offers.len()];
        let count = offer.lines().count();
        // We know the names of a few formats that need none (RFC 3551 §6), and they do not.
        let is_fixed = |line: &str| !line.starts_with("a=") || line.starts_with("a=rtpmap:");
        let is_kept = |at: usize, line: &str| is_fixed(line) || missing.iter().all(|it| it % count != at);
        let kept = offer.lines().enumerate().filter(|(at, line)| is_kept(*at, line));
        let part: String = kept.map(|(_, line)| format!("{line}\r\n")).collect();
        if let Some(differences) = differences(&part) {
            prop_assert_eq!(differences, Vec::<String>::new(), "{}", part);
        }
    }
}

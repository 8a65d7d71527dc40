//! The streams that a media description announces: layers of simulcast by rid, others by SSRC.

use rtp::parameters::{AnnouncedSsrc, Rid};

use crate::sdp::MediaDescription;

/// Layers of simulcast that are accepted of one media description; those behind are left out of the answer, and not sent then.
pub const SIMULCAST_LAYERS_MAX: usize = 3;

/// The layers in the order of `a=simulcast:send`, or else of `a=rid`.
pub(super) fn layers(media: &MediaDescription) -> Vec<Rid> {
    let described: Vec<&Rid> = media.rids.iter().filter(|rid| rid.sends).map(|rid| &rid.rid).collect();
    let mut layers: Vec<Rid> = Vec::new();
    let wanted: Vec<&Rid> = match &media.simulcast {
        Some(simulcast) => simulcast.send.iter().filter(|rid| described.contains(rid)).collect(),
        None => described,
    };
    for rid in wanted {
        if layers.len() < SIMULCAST_LAYERS_MAX && !layers.contains(rid) {
            layers.push(rid.clone());
        }
    }
    layers
}

/// The streams of `a=ssrc` with their repair (`a=ssrc-group:FID`), in the order of `a=ssrc-group:SIM` where there is one.
pub(super) fn announced(media: &MediaDescription) -> Vec<AnnouncedSsrc> {
    let pairs = |semantics: &'static str| {
        let groups = media.ssrc_groups.iter().filter(move |group| group.semantics == semantics);
        groups.filter_map(|group| Some((*group.ssrcs.first()?, *group.ssrcs.get(1)?)))
    };
    let rtx = |ssrc: u32| pairs("FID").find(|(media, _)| *media == ssrc).map(|(_, rtx)| rtx);
    let is_repair =
        |ssrc: u32| ["FID", "FEC-FR", "FEC"].iter().any(|name| pairs(name).any(|(_, repair)| repair == ssrc));

    let simulcast = media.ssrc_groups.iter().find(|group| group.semantics == "SIM");
    let mut ssrcs: Vec<u32> = simulcast.map(|group| group.ssrcs.clone()).unwrap_or_default();
    if ssrcs.is_empty() {
        ssrcs = media.ssrcs.iter().copied().filter(|ssrc| !is_repair(*ssrc)).collect();
    }
    ssrcs.into_iter().map(|media| AnnouncedSsrc { media, rtx: rtx(media) }).collect()
}

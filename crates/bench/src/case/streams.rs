//! Live streams: what `bench live` measures.

use client::load::Plan;

use super::{Case, Load, ONE_WORKER, TWO_WORKERS, VIDEO_110, VIDEO_500, broadcast_plan};
use crate::listeners::{self, Output};
use crate::rival::Rival;

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    let audience = |subscribers, video| Plan { subscribers, ..broadcast_plan(video) };
    let joins = Plan { publishers: 0, joins_per_second: 5.0, ..audience(50, VIDEO_110) };
    vec![
        whep("whep50", "50 who watch a camera of 110 packets/s by WHEP", audience(50, VIDEO_110)),
        whep("whep200", "200 who watch it", audience(200, VIDEO_110)),
        whep("whep400", "400 who watch it", audience(400, VIDEO_110)),
        whep("whep900", "900 who watch it", Plan { threads: 2, ..audience(900, VIDEO_110) }),
        whep("whep200@500", "200 who watch a camera of 500 packets/s", audience(200, VIDEO_500)),
        workers(ONE_WORKER, "whep400 on one worker", 1, audience(400, VIDEO_110)),
        workers(TWO_WORKERS, "the same stream on two workers", 2, audience(400, VIDEO_110)),
        deaf("deaf400@500", "400 who watch 500 packets/s and do not read what comes", audience(400, VIDEO_500)),
        Case::new("join50", "RTMP with 10 s between key pictures, 50 who come by WHEP in 10 s", Load::Joins(joins)),
        tags("flv200", "RTMP of 2.6 Mbit/s to 200 viewers, of HTTP-FLV here and of RTMP there", Output::Flv),
        tags("rtmp200", "the same, of RTMP on both sides", Output::Rtmp),
        Case::new("hls", "8 players of HLS, as fast as they can: playlist and newest segment in turn", Load::Files)
            .beside(Rival::NginxFiles),
    ]
}

fn workers(name: &'static str, text: &'static str, workers: u32, plan: Plan) -> Case {
    Case { workers: Some(workers), ..Case::new(name, text, Load::Stream(plan)) }
}

/// They give no feedback, as they would have none to give.
fn deaf(name: &'static str, text: &'static str, plan: Plan) -> Case {
    Case { is_deaf: true, ..Case::new(name, text, Load::Stream(Plan { feedback: false, ..plan })) }
}

fn tags(name: &'static str, text: &'static str, output: Output) -> Case {
    Case::new(name, text, Load::Tags(listeners::Plan { viewers: 200, output })).beside(Rival::NginxRtmp)
}

fn whep(name: &'static str, text: &'static str, plan: Plan) -> Case {
    Case::new(name, text, Load::Stream(plan)).beside(Rival::JanusStream)
}

/// Of `--quick`.
pub(crate) const QUICK: &[&str] = &["whep200"];

use live::StreamName;
use live::rtmp::{Endpoint, Url};

use super::super::fault::Fault;
use super::super::target::Source;
use super::{Networks, Outside};

fn endpoint(url: &str) -> Endpoint {
    Url::parse(url).unwrap().endpoint(&StreamName::new("live", "s").unwrap())
}

fn outside(allowed: &[&str], own_ports: &[u16]) -> Outside {
    let allowed = allowed.iter().map(|network| network.parse().unwrap()).collect();
    Outside::new(Networks(allowed), own_ports.to_vec(), None).unwrap()
}

async fn fault(outside: &Outside, url: &str, source: Source) -> Fault {
    outside.connect(&endpoint(url), source).await.err().unwrap()
}

#[tokio::test]
async fn programs_and_publishers_lead_into_no_private_network_unless_it_is_allowed() {
    let closed = outside(&[], &[]);
    for source in [Source::Hook, Source::Request] {
        for url in ["rtmp://127.0.0.1:9/a", "rtmp://[::1]:9/a", "rtmp://169.254.169.254/a", "rtmp://localhost:9/a"] {
            assert!(matches!(fault(&closed, url, source).await, Fault::Private), "{url}");
        }
    }
    let open = outside(&["127.0.0.0/8"], &[]);
    assert!(matches!(fault(&open, "rtmp://127.0.0.1:9/a", Source::Hook).await, Fault::Unreachable(_)));
    assert!(matches!(fault(&closed, "rtmp://127.0.0.1:9/a", Source::Settings).await, Fault::Unreachable(_)));
    assert!(!closed.may_be_named(&endpoint("rtmp://10.0.0.1/a")) && open.may_be_named(&endpoint("rtmp://127.0.0.1/a")));
    assert!(closed.may_be_named(&endpoint("rtmp://video.example.org/a")));
}

#[tokio::test]
async fn no_stream_goes_back_to_this_server() {
    let outside = outside(&["127.0.0.0/8"], &[1935, 8443]);
    for url in
        ["rtmp://127.0.0.1/a", "rtmp://127.0.0.9/a", "rtmp://[::1]/a", "rtmps://localhost:8443/a", "rtmp://0.0.0.0/a"]
    {
        assert!(matches!(fault(&outside, url, Source::Settings).await, Fault::ThisServer), "{url}");
    }
    assert!(matches!(fault(&outside, "rtmp://127.0.0.1:9/a", Source::Settings).await, Fault::Unreachable(_)));
}

//! The table of settings: the one definition of each.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::setting::{Setting, Value, default_of, settings};
use super::value::{
    Admission, Anonymous, AutoListen, ForwardRules, HostName, Keys, Limit, Listen, LogFilter, Networks, Origins,
    PortRange, Realm, RecordingFormat, RoomRecording, Seconds, Secrets, StreamPatterns, StunServers, Topology, Unmute,
    Users, WebhookSecret, WebhookUrls, Workers,
};

settings! {
    /// Plain HTTP: the web client, the API and the WebSocket. Browsers give camera and microphone over plain HTTP only to
    /// this machine itself, so it listens on loopback. Behind a proxy that ends TLS, let the proxy come here.
    http_listen: Listen = "http.listen", default r#""127.0.0.1:8080""#, example r#""off""#;
    /// Proxies whose `X-Forwarded-For` is believed; from anybody else that header is ignored. They may hold more TCP connections than
    /// `limits.tcp_connections_per_address`.
    http_trusted_proxies: Networks = "http.trusted_proxies", default "[]", example r#"["127.0.0.1", "10.0.0.0/8"]"#;
    /// HTTPS, and on the same port TURN over TLS and over TCP, told apart by the first bytes. Plain HTTP is sent on to HTTPS.
    https_listen: Listen = "https.listen", default "8443", example "443";
    /// Certificate chain (PEM). Without one a self-signed certificate is made and kept in `data.dir`; browsers warn about it once.
    /// Changed files are taken up within seconds, without a restart.
    https_cert: Option<PathBuf> = "https.cert", default r#""""#, example r#""/etc/letsencrypt/live/call.example.org/fullchain.pem""#;
    /// Private key of the certificate (PEM).
    https_key: Option<PathBuf> = "https.key", default r#""""#, example r#""/etc/letsencrypt/live/call.example.org/privkey.pem""#;
    /// The name under which clients reach this server. It stands in the ICE server URLs, in the links of the start text and in the self-signed certificate.
    public_host: HostName = "public.host", default r#""""#, example r#""call.example.org""#;
    /// The addresses under which clients reach this server, when they are not those of its interfaces (a router or a cloud maps them).
    /// They stand in the ICE server URLs and in relayed addresses. Unset, the URLs have the address the browser itself used.
    public_addresses: Vec<IpAddr> = "public.addresses", default "[]", example r#"["198.51.100.7", "2001:db8::7"]"#;
    /// STUN servers that are asked under which address others see the port of `udp.listen`: of a router or cloud whose address changes, or is not known.
    /// Another Parlor is one. The first that answers is believed; all are asked again every three minutes, and when the addresses of the interfaces change.
    /// What is found stands in the answers of the media server, before the addresses of the interfaces, and in new relayed addresses. It does not open
    /// anything: ports must be forwarded all the same.
    public_stun: StunServers = "public.stun", default "[]", example r#"["stun.example.org:3478"]"#;
    /// STUN and TURN over UDP.
    udp_listen: Listen = "udp.listen", default "3478";
    /// Whether there is a media server: rooms of more than two members need it. Without it every call is between two, directly or relayed.
    media_enabled: bool = "media.enabled", default "true";
    /// How many threads serve media, STUN and TURN on the UDP port; 0 is as many as the machine has cores.
    media_workers: Workers = "media.workers", default "0", example "4";
    /// A room with more members than that is spread over several of these threads; 0: never. Small rooms are cheaper on one.
    media_members_per_worker: Limit = "media.members_per_worker", default "64", example "200";
    /// A second UDP port that answers STUN Binding only. With it the check page tells what kind of NAT a browser is behind.
    stun_second_listen: Listen = "stun.second_listen", default "3479", example r#""off""#;
    /// Whether calls may be relayed through this server (TURN). STUN Binding is answered in any case.
    turn_enabled: bool = "turn.enabled", default "true";
    /// TURN over TCP and over TLS, told apart by the first byte.
    turn_tcp_listen: Listen = "turn.tcp_listen", default "3478";
    /// The ports of relayed addresses; one UDP port for each relayed call leg. "off" opens none of them (single-port mode): a relayed address is then
    /// known to this server alone, two clients that both relay through it reach each other, and every other peer is refused. docs/operations.md says when that suffices.
    turn_relay_ports: Option<PortRange> = "turn.relay_ports", default r#""49152-65535""#, example r#""off""#;
    /// The realm of TURN's long-term credentials.
    turn_realm: Realm = "turn.realm", default r#""parlor""#;
    /// Static TURN users, for clients with a fixed name and password.
    turn_users: Users = "turn.users", default "{}", example r#"{ ana = "a long password" }"#;
    /// Secrets of time-limited TURN credentials (TURN REST API). The first signs the credentials this server hands out; all are accepted, so that
    /// they can be changed in turn. Unset, a random one is made at the first start and kept in `data.dir`.
    turn_secrets: Secrets = "turn.secrets", default "[]", example r#"["a long random text ..."]"#;
    /// How long handed-out TURN credentials are valid. A call that lasts longer gets fresh ones.
    turn_credential_seconds: Seconds<60, 604_800> = "turn.credential_seconds", default "43200";
    /// Networks to which TURN may relay although they are private, loopback or otherwise special. TURN refuses all such peers by
    /// default, since a relay into the own network is a hole in its wall. Relayed addresses of this server are always allowed.
    turn_allow_peers: Networks = "turn.allow_peers", default "[]", example r#"["192.168.1.0/24"]"#;
    /// Other TURN servers, to the first of which, of their own family, clients are sent that ask for a relay while this one drains.
    turn_alternate_servers: Vec<SocketAddr> = "turn.alternate_servers", default "[]", example r#"["198.51.100.8:3478"]"#;
    /// Whether the channel numbers of RFC 5766 (0x4000 to 0x7FFF) are accepted, not only those of RFC 8656 (to 0x4FFF). Old clients need it.
    turn_rfc5766_channels: bool = "turn.rfc5766_channels", default "false";
    /// Whether a relay may follow its client to another network (RFC 8016), for clients that ask for it. Browsers do not: their calls come over by
    /// new candidates (ICE restart).
    turn_mobility: bool = "turn.mobility", default "false";
    /// A plain WebSocket port for clients of the eight-message protocol with a fixed address in their source. No Origin is demanded there.
    compat_listen: Listen = "compat.listen", default r#""off""#, example "8099";
    /// Who may join over `compat.listen` without a token: "auto" is everybody while `auth.keys` is not set and nobody once it is; "all" and
    /// "off" do not look at `auth.keys`; "prefix:demo-" lets everybody into rooms whose id begins with demo-.
    compat_anonymous: Anonymous = "compat.anonymous", default r#""auto""#, example r#""prefix:demo-""#;
    /// Clients and pages of AppRTC may join rooms, over `/join/{room}` and what follows from it.
    compat_apprtc: bool = "compat.apprtc", default "true";
    /// The signalling of SRS's demo pages, `/sig/v1/rtc`. Its rooms are others than those of people.
    compat_srs_signalling: bool = "compat.srs_signalling", default "true";
    /// Web pages of other origins that may open the WebSocket and read the API. Pages of this server always may.
    origin_allow: Origins = "origin.allow", default "[]", example r#"["https://www.example.org"]"#;
    /// Keys that sign tokens (HS256). With at least one, joining needs a token (`parlor token` makes them); without, whoever has the link may join.
    auth_keys: Keys = "auth.keys", default "{}", example r#"{ main = "at least 32 random characters ..." }"#;
    /// Which way the media of a room takes: "auto" is from member to member while there are two and through the media server while there are more;
    /// "p2p" is from member to member, so two at most; "sfu" is through the media server always. Without a media server, it is "p2p".
    rooms_topology: Topology = "rooms.topology", default r#""auto""#, example r#""sfu""#;
    /// Who may end the mute that a moderator has set: "self" is the member, "moderator" a moderator only. Members who talk without the media server
    /// are only asked to be silent.
    rooms_unmute: Unmute = "rooms.unmute", default r#""self""#, example r#""moderator""#;
    /// RTMP: publishing and playing live streams from encoders and players, plain and in TLS (RTMPS), told apart by the first byte. "auto" is port 1935, and
    /// nothing when another program has it.
    live_rtmp_listen: AutoListen = "live.rtmp_listen", default r#""auto""#, example "1935";
    /// Who may publish live streams: "auto" is everybody while `auth.keys` is not set and whoever has a token once it is; "all" is everybody, "token"
    /// whoever has one, "off" nobody.
    live_publish: Admission = "live.publish", default r#""auto""#, example r#""token""#;
    /// Who may play live streams, in the same words.
    live_play: Admission = "live.play", default r#""auto""#, example r#""all""#;
    /// Whose pages may show the player of a live stream in a frame (`/live/{stream}?embed=1`).
    live_embed: Origins = "live.embed", default "[]", example r#"["https://www.example.org"]"#;
    /// While somebody watches what is published by WebRTC in another way (RTMP, HTTP-FLV, HLS, a recording), its publisher is asked for a key frame when none
    /// has come for so long. Segments of HLS begin at key frames.
    live_key_frame_seconds: Seconds<1, 30> = "live.key_frame_seconds", default "2";
    /// Networks from which live streams may be published; none: from everywhere.
    live_publish_allow: Networks = "live.publish_allow", default "[]", example r#"["10.0.0.0/8"]"#;
    /// Networks from which they may not, whatever else is allowed.
    live_publish_deny: Networks = "live.publish_deny", default "[]", example r#"["203.0.113.0/24"]"#;
    /// Networks from which live streams may be played; none: from everywhere.
    live_play_allow: Networks = "live.play_allow", default "[]", example r#"["10.0.0.0/8"]"#;
    /// Networks from which they may not, whatever else is allowed.
    live_play_deny: Networks = "live.play_deny", default "[]", example r#"["203.0.113.0/24"]"#;
    /// HTTP callbacks as SRS has them (docs/live.md). Programs that are asked before somebody who has connected by RTMP may publish or play; each has to accept.
    live_on_connect: WebhookUrls = "live.on_connect", default "[]", example r#"["http://127.0.0.1:8085/api/v1/clients"]"#;
    /// Programs that are told when such a connection is over.
    live_on_close: WebhookUrls = "live.on_close", default "[]", example r#"["http://127.0.0.1:8085/api/v1/clients"]"#;
    /// Programs that are asked before somebody may publish.
    live_on_publish: WebhookUrls = "live.on_publish", default "[]", example r#"["http://127.0.0.1:8085/api/v1/streams"]"#;
    /// Programs that are told when somebody publishes no longer.
    live_on_unpublish: WebhookUrls = "live.on_unpublish", default "[]", example r#"["http://127.0.0.1:8085/api/v1/streams"]"#;
    /// Programs that are asked before somebody may play.
    live_on_play: WebhookUrls = "live.on_play", default "[]", example r#"["http://127.0.0.1:8085/api/v1/sessions"]"#;
    /// Programs that are told when somebody plays no longer.
    live_on_stop: WebhookUrls = "live.on_stop", default "[]", example r#"["http://127.0.0.1:8085/api/v1/sessions"]"#;
    /// Programs that are told when a file of a recording is complete.
    live_on_dvr: WebhookUrls = "live.on_dvr", default "[]", example r#"["http://127.0.0.1:8085/api/v1/dvrs"]"#;
    /// Programs that are told when a segment of HLS is complete. With one, segments are made of every stream on air, whether somebody watches or not.
    live_on_hls: WebhookUrls = "live.on_hls", default "[]", example r#"["http://127.0.0.1:8085/api/v1/hls"]"#;
    /// Programs that say where a stream is forwarded to, once it is on air.
    live_on_forward: WebhookUrls = "live.on_forward", default "[]", example r#"["http://127.0.0.1:8085/api/v1/forward"]"#;
    /// Streams that go on to other RTMP servers whenever they are on air: names as in `recording.streams`, a space, and `rtmp://` or `rtmps://` with
    /// host, application and stream there; what the URL leaves out is as it is here.
    live_forward: ForwardRules = "live.forward", default "[]", example r#"["live/* rtmp://backup.example.org", "live/lesson rtmps://video.example.com/live2/KEY"]"#;
    /// Private, loopback or otherwise special networks into which streams may be forwarded when a program (`live.on_forward`) or a publisher says so. URLs of
    /// `live.forward` may lead anywhere.
    live_forward_allow_networks: Networks = "live.forward_allow_networks", default "[]", example r#"["10.0.0.0/8"]"#;
    /// Certificate authorities (PEM) that `rtmps` servers are verified by, instead of those of this system.
    live_forward_ca: Option<PathBuf> = "live.forward_ca", default r#""""#, example r#""/etc/parlor/forward-ca.pem""#;
    /// Whether `/rtc/v1/nack/` has packets of viewers be lost, as SRS's does, to test retransmission. Whoever knows the name of a session may do so.
    live_nack_test: bool = "live.nack_test", default "false";
    /// What the server calls itself in the answers and hooks that programs of SRS read.
    live_server_id: Realm = "live.server_id", default r#""parlor""#, example r#""edge-7""#;
    /// Who may use the management API of SRS (/api/v1/streams, clients and so on) by name and password. Tokens of the operator open it always; while neither
    /// this nor `auth.keys` is set, programs on this machine may read it.
    live_api_users: Users = "live.api_users", default "{}", example r#"{ ana = "a long password" }"#;
    /// Whether that API answers with scripts (JSONP) as well. Any page that somebody opens can ask for them, with the password that the browser remembers.
    live_api_jsonp: bool = "live.api_jsonp", default "false";
    /// Figures for Prometheus, at /metrics. "auto" is port 9464 of 127.0.0.1, and nothing when another program has it. Whoever can reach the port can read
    /// them, so keep it on loopback or in a network of your own.
    metrics_listen: AutoListen = "metrics.listen", default r#""auto""#, example r#""127.0.0.1:9464""#;
    /// The folder of recordings of live streams, with the index of them. Without one nothing is recorded. It is made if it is missing, and only its owner can read it.
    recording_folder: Option<PathBuf> = "recording.folder", default r#""""#, example r#""/var/lib/parlor/recordings""#;
    /// Streams that are recorded whenever they are on air: `app/stream`, `app/*` for all of an app, `*` for all. Others are recorded when somebody starts it by
    /// the API.
    recording_streams: StreamPatterns = "recording.streams", default "[]", example r#"["class/*"]"#;
    /// Whether rooms may be recorded by who may look after them or has the grant `record`: off, on (everybody in the room sees it), or consent (only members who agree
    /// are recorded). It takes recording.folder, and the media server.
    recording_rooms: RoomRecording = "recording.rooms", default r#""on""#, example r#""consent""#;
    /// The kind of file. "auto" is WebM for what WebM carries, Matroska for VP8 with other sound, and MP4 for the rest; "matroska" is WebM for what WebM carries and
    /// Matroska for the rest; "mp4" and "flv" are those, except that VP8 has no place in MP4 and goes to WebM. Nothing is transcoded,
    /// but for FLV, where Opus that comes by WebRTC becomes AAC, and for G.711, which becomes AAC everywhere.
    recording_format: RecordingFormat = "recording.format", default r#""auto""#, example r#""flv""#;
    /// A file that lasts so long ends at the next key frame, and another one begins.
    recording_file_seconds: Seconds<10, 604_800> = "recording.file_seconds", default "3600";
    /// A file of so many megabytes ends at the next key frame, and another one begins.
    recording_file_megabytes: Limit = "recording.file_megabytes", default "0", example "2000";
    /// Recordings that ended so many days ago are deleted.
    recording_keep_days: Limit = "recording.keep_days", default "0", example "30";
    /// When all recordings together have more megabytes, the oldest are deleted.
    recording_keep_megabytes: Limit = "recording.keep_megabytes", default "0", example "500000";
    /// So many megabytes stay free on the disk: with less, recordings end, and begin again when there is room.
    recording_free_megabytes: Limit = "recording.free_megabytes", default "1000";
    /// Where events of rooms are posted (docs/http-api.md). Redirections are not followed.
    webhooks_urls: WebhookUrls = "webhooks.urls", default "[]", example r#"["https://app.example.org/parlor"]"#;
    /// The secret that signs them.
    webhooks_secret: WebhookSecret = "webhooks.secret", default r#""""#, example r#""at least 32 random characters ...""#;
    /// Certificate authorities (PEM) that `https` URLs of webhooks are verified by, instead of those of this system.
    webhooks_ca: Option<PathBuf> = "webhooks.ca", default r#""""#, example r#""/etc/parlor/webhooks-ca.pem""#;
    /// Networks to which webhooks may go although they are private, loopback or otherwise special. The URLs are the operator's own, but what their names
    /// stand for is decided by whoever answers for the name.
    webhooks_allow_networks: Networks = "webhooks.allow_networks", default "[]", example r#"["10.0.0.0/8"]"#;
    /// TCP connections in all. More are closed at once.
    limits_tcp_connections: Limit = "limits.tcp_connections", default "10000";
    /// TCP connections of one address (IPv6: one /64 network). More are closed at once.
    limits_tcp_connections_per_address: Limit = "limits.tcp_connections_per_address", default "1000";
    /// Requests for ICE servers per minute from one address (IPv6: one /64 network); more are answered with status 429.
    limits_ice_requests_per_minute: Limit = "limits.ice_requests_per_minute", default "240";
    /// Requests to the room API per minute from one address (IPv6: one /64 network); more are answered with status 429.
    limits_api_requests_per_minute: Limit = "limits.api_requests_per_minute", default "600";
    /// Live streams on air at once, whatever their protocol.
    limits_streams: Limit = "limits.streams", default "1000";
    /// Requests about live streams per minute from one address (IPv6: one /64 network): WHIP, WHEP and what SRS's clients ask. More are answered with status 429.
    limits_live_requests_per_minute: Limit = "limits.live_requests_per_minute", default "3000";
    /// Sessions of publishers and viewers over WebRTC, in all.
    limits_stream_sessions: Limit = "limits.stream_sessions", default "20000";
    /// Sessions of publishers and viewers over WebRTC from one address (IPv6: one /64 network). A school shares one address.
    limits_stream_sessions_per_address: Limit = "limits.stream_sessions_per_address", default "1000";
    /// Viewers of one stream over WebRTC.
    limits_stream_viewers: Limit = "limits.stream_viewers", default "10000";
    /// Targets that publishers have named to forward their streams to, in all. One stream has 8 at most.
    limits_forward_targets: Limit = "limits.forward_targets", default "200";
    /// WebSockets in all; more are answered with status 503.
    limits_connections: Limit = "limits.connections", default "20000";
    /// WebSockets of one address (IPv6: one /64 network); more are answered with status 429.
    limits_connections_per_address: Limit = "limits.connections_per_address", default "500";
    /// Joins per minute from one address in the long run. A school shares one address.
    limits_joins_per_minute: Limit = "limits.joins_per_minute", default "240";
    /// Joins from one address at once.
    limits_joins_burst: Limit = "limits.joins_burst", default "120";
    /// Signalling messages per second of one connection in the long run.
    limits_messages_per_second: Limit = "limits.messages_per_second", default "50";
    /// Signalling messages of one connection at once.
    limits_messages_burst: Limit = "limits.messages_burst", default "200";
    /// Bytes of signalling messages per second of one connection in the long run.
    limits_message_bytes_per_second: Limit = "limits.message_bytes_per_second", default "131072";
    /// Bytes of signalling messages of one connection at once. A longer message never passes.
    limits_message_bytes_burst: Limit = "limits.message_bytes_burst", default "524288";
    /// Offers to the media server per second of one connection in the long run.
    limits_offers_per_second: Limit = "limits.offers_per_second", default "1";
    /// Offers to the media server of one connection at once.
    limits_offers_burst: Limit = "limits.offers_burst", default "10";
    /// Bytes of one signalling message.
    limits_frame_bytes: Limit = "limits.frame_bytes", default "262144";
    /// Rooms in all.
    limits_rooms: Limit = "limits.rooms", default "10000";
    /// Rooms that one address has opened (IPv6: one /64 network).
    limits_rooms_per_address: Limit = "limits.rooms_per_address", default "250";
    /// Rooms that one connection is in at the same time.
    limits_rooms_per_connection: Limit = "limits.rooms_per_connection", default "8";
    /// Members of one room. Where media goes from member to member, two at most. One who gets nothing takes 60 kB, one who hears a voice 0.5 ms of a
    /// core each second. In a room of more than a hundred, what is told to everybody counts as several of `limits.messages_per_second`.
    limits_members: Limit = "limits.members", default "500";
    /// Bytes of a member's name.
    limits_name_bytes: Limit = "limits.name_bytes", default "128";
    /// Bytes of text in one chat message.
    limits_chat_bytes: Limit = "limits.chat_bytes", default "4096";
    /// Messages kept for one member who is reconnecting.
    limits_resume_messages: Limit = "limits.resume_messages", default "256";
    /// Bytes kept for one member who is reconnecting.
    limits_resume_bytes: Limit = "limits.resume_bytes", default "1048576";
    /// TURN allocations in all: relayed addresses, each with a socket of its own.
    limits_allocations: Limit = "limits.allocations", default "4000";
    /// TURN allocations of one user. Every browser gets a user of its own; this counts for `turn.users` above all.
    limits_allocations_per_user: Limit = "limits.allocations_per_user", default "64";
    /// TURN allocations of one address (IPv6: one /64 network).
    limits_allocations_per_address: Limit = "limits.allocations_per_address", default "256";
    /// Peers of one TURN allocation.
    limits_permissions_per_allocation: Limit = "limits.permissions_per_allocation", default "64";
    /// Channels of one TURN allocation.
    limits_channels_per_allocation: Limit = "limits.channels_per_allocation", default "64";
    /// New peers per second of one TURN allocation in the long run; eight times as many at once.
    limits_new_peers_per_second: Limit = "limits.new_peers_per_second", default "5";
    /// Kilobits (1000 bits) per second that one TURN allocation relays to its peers, and as many to its client: payloads without headers, in the long run. A
    /// quarter of a second's worth may come at once; what is more is dropped.
    limits_allocation_kbits_per_second: Limit = "limits.allocation_kbits_per_second", default "0", example "50000";
    /// Packets per second that one TURN allocation relays to its peers, and as many to its client.
    limits_allocation_packets_per_second: Limit = "limits.allocation_packets_per_second", default "0", example "10000";
    /// Kilobits per second that all TURN allocations of one user relay together to their peers, and as many to their clients. Every browser gets a user of its own.
    limits_turn_user_kbits_per_second: Limit = "limits.turn_user_kbits_per_second", default "0", example "100000";
    /// Packets per second that all TURN allocations of one user relay together to their peers, and as many to their clients.
    limits_turn_user_packets_per_second: Limit = "limits.turn_user_packets_per_second", default "0", example "20000";
    /// Kilobits per second that all TURN allocations of one room relay together to their peers, and as many to their clients. The room is that of the credentials
    /// (docs/operations.md): `turn.users` are in none.
    limits_turn_room_kbits_per_second: Limit = "limits.turn_room_kbits_per_second", default "0", example "200000";
    /// Packets per second that all TURN allocations of one room relay together to their peers, and as many to their clients.
    limits_turn_room_packets_per_second: Limit = "limits.turn_room_packets_per_second", default "0", example "40000";
    /// Answers to STUN Binding requests per second to one network (IPv4 /24, IPv6 /48), so that nobody is flooded through this server.
    limits_bindings_per_second: Limit = "limits.bindings_per_second", default "500";
    /// Answers per second to TURN requests without valid credentials, to one network as above. Each allocation of a client begins with one.
    limits_challenges_per_second: Limit = "limits.challenges_per_second", default "100";
    /// How long draining (`parlor drain`, SIGUSR1) waits for calls, streams and relays to end before the server ends them and stops.
    drain_seconds: Limit = "drain.seconds", default "3600", example "600";
    /// Where the random TURN secret, the secret of `parlor admin` and the self-signed certificate are kept: a directory only its owner can read. Relative to the working directory.
    data_dir: PathBuf = "data.dir", default r#""parlor-data""#, example r#""/var/lib/parlor""#;
    /// What is logged on standard error: a level, or levels per part.
    log: LogFilter = "log", default r#""info""#, example r#""info,room=debug""#;
}

package main

import (
	"encoding/base64"
	"io"
	"net"
	"os"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"github.com/pion/webrtc/v3/pkg/media/ivfreader"
	"github.com/pion/webrtc/v3/pkg/media/oggreader"
	"github.com/pion/webrtc/v3/pkg/media/samplebuilder"
)

const (
	// A page of Ogg has this much sound.
	page = 20 * time.Millisecond
	// How many packets may be missing before a picture is given up.
	lateMax = 200
)

// Peer is one PeerConnection.
type Peer struct {
	connection *webrtc.PeerConnection
	data       *webrtc.DataChannel
	// Closed when the connection stands.
	connected chan struct{}
	slots     int
	tracks    []*webrtc.RTPTransceiver
	sources   []string
}

// NewPeer has what is wanted, and no offer yet.
func NewPeer(wanted Wanted) *Peer {
	configuration := webrtc.Configuration{}
	if wanted.Turn != "" {
		server := webrtc.ICEServer{URLs: []string{wanted.Turn}, Username: wanted.Username, Credential: wanted.Credential}
		configuration.ICEServers = []webrtc.ICEServer{server}
		configuration.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	connection, err := api().NewPeerConnection(configuration)
	demand(err)
	peer := &Peer{connection: connection, connected: make(chan struct{}), slots: wanted.Slots}
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		tell(map[string]any{"state": state.String()})
		if state == webrtc.PeerConnectionStateConnected {
			close(peer.connected)
		}
	})
	connection.OnTrack(peer.receive)
	if wanted.Sound != "" {
		peer.publish("microphone", webrtc.MimeTypeOpus, wanted.Sound, sendSound)
	}
	if wanted.Picture != "" {
		peer.publish("camera", webrtc.MimeTypeVP8, wanted.Picture, sendPictures)
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		for slot := 0; slot < wanted.Slots; slot++ {
			_, err := connection.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			demand(err)
		}
	}
	if wanted.Data {
		peer.data, err = connection.CreateDataChannel("data", nil)
		demand(err)
		peer.data.OnOpen(func() { tell(map[string]any{"open": true}) })
		peer.data.OnMessage(func(message webrtc.DataChannelMessage) { tell(map[string]any{"told": string(message.Data)}) })
	}
	return peer
}

// api is Pion as it comes, but on the loopback and nowhere else.
func api() *webrtc.API {
	engine, registry, settings := &webrtc.MediaEngine{}, &interceptor.Registry{}, webrtc.SettingEngine{}
	demand(engine.RegisterDefaultCodecs())
	demand(webrtc.RegisterDefaultInterceptors(engine, registry))
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(net.IP.IsLoopback)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	return webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
}

// Offer tells the offer when all candidates are known.
func (peer *Peer) Offer() {
	offer, err := peer.connection.CreateOffer(nil)
	demand(err)
	gathered := webrtc.GatheringCompletePromise(peer.connection)
	demand(peer.connection.SetLocalDescription(offer))
	<-gathered
	tracks, pictures := []map[string]string{}, []string{}
	for index, transceiver := range peer.tracks {
		tracks = append(tracks, map[string]string{"mid": transceiver.Mid(), "source": peer.sources[index]})
	}
	for _, transceiver := range peer.connection.GetTransceivers() {
		if transceiver.Direction() == webrtc.RTPTransceiverDirectionRecvonly && transceiver.Kind() == webrtc.RTPCodecTypeVideo {
			pictures = append(pictures, transceiver.Mid())
		}
	}
	tell(map[string]any{"offer": peer.connection.LocalDescription().SDP, "tracks": tracks, "pictures": pictures})
}

// publish sends a file again and again once the connection stands.
func (peer *Peer) publish(source, codec, path string, send func(*webrtc.TrackLocalStaticSample, io.Reader)) {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: codec}, source, "pion")
	demand(err)
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	transceiver, err := peer.connection.AddTransceiverFromTrack(track, only)
	demand(err)
	peer.tracks, peer.sources = append(peer.tracks, transceiver), append(peer.sources, source)
	go drain(transceiver.Sender())
	go func() {
		<-peer.connected
		for {
			file, err := os.Open(path)
			demand(err)
			send(track, file)
			demand(file.Close())
		}
	}()
}

// drain reads RTCP: what answers NACK lives in the reading.
func drain(sender *webrtc.RTPSender) {
	for {
		if _, _, err := sender.ReadRTCP(); err != nil {
			return
		}
	}
}

func sendPictures(track *webrtc.TrackLocalStaticSample, file io.Reader) {
	reader, header, err := ivfreader.NewWith(file)
	demand(err)
	duration := time.Second * time.Duration(header.TimebaseNumerator) / time.Duration(header.TimebaseDenominator)
	ticker := time.NewTicker(duration)
	defer ticker.Stop()
	for ; ; <-ticker.C {
		frame, _, err := reader.ParseNextFrame()
		if err == io.EOF {
			return
		}
		demand(err)
		demand(track.WriteSample(media.Sample{Data: frame, Duration: duration}))
	}
}

func sendSound(track *webrtc.TrackLocalStaticSample, file io.Reader) {
	reader, _, err := oggreader.NewWith(file)
	demand(err)
	ticker := time.NewTicker(page)
	defer ticker.Stop()
	for first := true; ; first = false {
		packet, _, err := reader.ParseNextPage()
		if err == io.EOF {
			return
		}
		demand(err)
		// The comments about the file.
		if first {
			continue
		}
		demand(track.WriteSample(media.Sample{Data: packet, Duration: page}))
		<-ticker.C
	}
}

// receive tells what comes in a slot.
func (peer *Peer) receive(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	mid := ""
	for _, transceiver := range peer.connection.GetTransceivers() {
		if transceiver.Receiver() == receiver {
			mid = transceiver.Mid()
		}
	}
	frames := samplebuilder.New(lateMax, &codecs.VP8Packet{}, track.Codec().ClockRate)
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if track.Kind() == webrtc.RTPCodecTypeAudio {
			tell(map[string]any{"heard": []string{mid, base64.StdEncoding.EncodeToString(packet.Payload)}})
			continue
		}
		frames.Push(packet)
		for sample := frames.Pop(); sample != nil; sample = frames.Pop() {
			tell(map[string]any{"seen": []string{mid, base64.StdEncoding.EncodeToString(sample.Data)}})
		}
	}
}

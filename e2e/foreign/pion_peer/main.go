// Pion as one end of a negotiation with the server. It speaks lines of JSON, as gst_peer.py does.
//
// The first argument says what to publish and how to connect. It writes {"offer": SDP, "tracks": …, "pictures": [mid…]} and reads
// {"answer": SDP}; then it writes {"state": …} for each state of the connection, {"seen": [mid, FRAME]} for pictures and
// {"heard": [mid, PACKET]} for sounds, both as they came and in base64: Pion has no decoders. {"open": true} says that the data channel is
// open, {"say": TEXT} goes out by it, {"told": TEXT} came by it.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"sync"

	"github.com/pion/webrtc/v3"
)

// Wanted is the first argument.
type Wanted struct {
	// Picture is an IVF file of VP8 and Sound an Ogg file of Opus, which are sent again and again; empty for none.
	Picture, Sound string
	// Slots are how many pictures and sounds are received.
	Slots int
	// Data asks for a data channel.
	Data bool
	// Turn is the URL of the relay that is the only way, with a Username and a Credential.
	Turn, Username, Credential string
}

// heard is a line from whoever started this.
type heard struct {
	Answer, Say string
}

var telling sync.Mutex

// tell writes one line to whoever started this.
func tell(message map[string]any) {
	telling.Lock()
	defer telling.Unlock()
	line, err := json.Marshal(message)
	demand(err)
	_, err = os.Stdout.Write(append(line, '\n'))
	demand(err)
}

// demand ends everything with an error.
func demand(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	var wanted Wanted
	demand(json.Unmarshal([]byte(os.Args[1]), &wanted))
	peer := NewPeer(wanted)
	peer.Offer()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line heard
		demand(json.Unmarshal(lines.Bytes(), &line))
		if line.Answer != "" {
			demand(peer.connection.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: line.Answer}))
		} else {
			demand(peer.data.SendText(line.Say))
		}
	}
	demand(peer.connection.Close())
}

'use strict';

const serverUrl = 'SERVER_URL';
const localVideo = document.querySelector('#localVideo');
const remoteVideo = document.querySelector('#remoteVideo');

let params = null;
let initiator = false;
let iceServers = [];
let camera = null;
let socket = null;
let pc = null;
/** What came before there was a connection to give it to. */
let early = [];

// What came that the page does not understand. The contract allows none of it.
window.strange = [];

async function post(url, body) {
  const response = await fetch(url, { method: 'POST', body });
  const answer = await response.json();
  if (answer.result !== undefined && answer.result !== 'SUCCESS') window.strange.push(answer.result);
  return answer;
}

/** Who offers speaks by the server, who answers by the socket. */
function say(message) {
  const text = JSON.stringify(message);
  if (initiator) return post(`${serverUrl}/message/${params.room_id}/${params.client_id}`, text);
  socket.send(JSON.stringify({ cmd: 'send', msg: text }));
}

function connect() {
  pc = new RTCPeerConnection({ ...JSON.parse(params.pc_config), iceServers });
  const own = pc;
  pc.onicecandidate = ({ candidate }) => {
    if (!candidate || pc !== own) return;
    say({ type: 'candidate', label: candidate.sdpMLineIndex, id: candidate.sdpMid, candidate: candidate.candidate });
  };
  pc.ontrack = ({ streams }) => { remoteVideo.srcObject = streams[0]; };
  for (const track of camera.getTracks()) pc.addTrack(track, camera);
}

async function call() {
  connect();
  await pc.setLocalDescription(await pc.createOffer(JSON.parse(params.offer_options)));
  await say({ type: 'offer', sdp: pc.localDescription.sdp });
}

let turn = Promise.resolve();

function hear(text) {
  const message = JSON.parse(text);
  if (!message.type) return;
  turn = turn.then(() => obey(message)).catch((error) => window.strange.push(`${message.type}: ${error.message}`));
}

async function obey(message) {
  if (message.type === 'bye') return start();
  if (pc === null || (message.type === 'candidate' && pc.remoteDescription === null)) {
    if (message.type !== 'offer') return early.push(message);
  }
  switch (message.type) {
    case 'offer':
      if (pc === null) connect();
      await pc.setRemoteDescription(message);
      await pc.setLocalDescription(await pc.createAnswer());
      say({ type: 'answer', sdp: pc.localDescription.sdp });
      break;
    case 'answer':
      await pc.setRemoteDescription(message);
      break;
    case 'candidate':
      await pc.addIceCandidate({ sdpMLineIndex: message.label, sdpMid: message.id, candidate: message.candidate });
      break;
    default:
      window.strange.push(message.type);
  }
  if (message.type !== 'candidate') {
    for (const waiting of early.splice(0)) await obey(waiting);
  }
}

/** The other one is gone: this one is the first now. */
function start() {
  remoteVideo.srcObject = null;
  pc?.close();
  early = [];
  initiator = true;
  return call();
}

async function join() {
  const room = document.querySelector('#room').value;
  camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
  localVideo.srcObject = camera;
  const answer = await post(`${serverUrl}/join/${room}`);
  if (answer.result !== 'SUCCESS') return;
  params = answer.params;
  initiator = params.is_initiator === 'true';
  iceServers = (await post(params.ice_server_url)).iceServers;
  socket = new WebSocket(params.wss_url);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.error) window.strange.push(frame.error);
    else hear(frame.msg);
  };
  await new Promise((resolve) => { socket.onopen = resolve; });
  socket.send(JSON.stringify({ cmd: 'register', roomid: params.room_id, clientid: params.client_id }));
  if (initiator) await call();
  else params.messages.forEach(hear);
}

async function leave() {
  const { room_id: room, client_id: client, wss_post_url: collider } = params;
  socket.onmessage = null;
  pc?.close();
  pc = null;
  remoteVideo.srcObject = null;
  localVideo.srcObject = null;
  for (const track of camera.getTracks()) track.stop();
  await post(`${serverUrl}/leave/${room}/${client}`);
  socket.send(JSON.stringify({ cmd: 'send', msg: JSON.stringify({ type: 'bye' }) }));
  socket.close();
  const gone = await fetch(`${collider}/${room}/${client}`, { method: 'DELETE' });
  if (!gone.ok) window.strange.push(`DELETE: ${gone.status}`);
}

document.querySelector('#join').onclick = () => { join().catch((error) => window.strange.push(error.message)); };
document.querySelector('#leave').onclick = () => { leave().catch((error) => window.strange.push(error.message)); };
console.log('ready');

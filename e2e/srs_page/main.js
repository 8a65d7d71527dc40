'use strict';

const serverUrl = 'SERVER_URL';
const display = Math.random().toString(16).slice(2, 9);
const localVideo = document.querySelector('#localVideo');
const remoteVideo = document.querySelector('#remoteVideo');

let room = '';
let socket = null;
let camera = null;
let publisher = null;
/** The connection that plays somebody, and whom. */
let player = null;
let played = null;
const waiting = new Map();

// What came that the page does not understand. The contract allows none of it.
window.strange = [];
// What the others have said.
window.heard = [];

function ask(action, more = {}) {
  const tid = Math.random().toString(16).slice(2, 9);
  const answered = new Promise((resolve) => waiting.set(tid, resolve));
  socket.send(JSON.stringify({ tid, msg: { action, room, display, ...more } }));
  return answered;
}

function hear({ data }) {
  const { tid, msg, error } = JSON.parse(data);
  if (error) window.strange.push(error.reason);
  else if (tid) {
    waiting.get(tid)(msg);
    waiting.delete(tid);
  } else if (msg.action === 'notify') notice(msg).catch((failure) => window.strange.push(failure.message));
  else window.strange.push(data);
}

async function notice({ event, peer, param, data }) {
  switch (event) {
    case 'join': break;
    case 'publish': await play(peer); break;
    case 'control': window.heard.push([param, data]); break;
    case 'leave': if (played === peer.display) stop(); break;
    default: window.strange.push(event);
  }
}

async function exchange(pc, kind, stream) {
  await pc.setLocalDescription(await pc.createOffer());
  const response = await fetch(`${serverUrl}/rtc/v1/${kind}/?app=${room}&stream=${stream}`, {
    method: 'POST', body: pc.localDescription.sdp, headers: { 'content-type': 'application/sdp' },
  });
  await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
}

async function publish() {
  publisher = new RTCPeerConnection();
  for (const track of camera.getTracks()) publisher.addTransceiver(track, { direction: 'sendonly' });
  await exchange(publisher, 'whip', display);
  await ask('publish');
}

async function play(participant) {
  if (participant.display === display || !participant.publishing || player !== null) return;
  played = participant.display;
  player = new RTCPeerConnection();
  const stream = new MediaStream();
  player.ontrack = ({ track }) => {
    stream.addTrack(track);
    remoteVideo.srcObject = stream;
  };
  for (const kind of ['audio', 'video']) player.addTransceiver(kind, { direction: 'recvonly' });
  await exchange(player, 'whep', played);
}

function stop() {
  player?.close();
  player = null;
  played = null;
  remoteVideo.srcObject = null;
}

async function join() {
  room = document.querySelector('#room').value;
  camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
  localVideo.srcObject = camera;
  socket = new WebSocket(`${serverUrl.replace('http', 'ws')}/sig/v1/rtc?room=${room}&display=${display}`);
  socket.onmessage = hear;
  await new Promise((resolve) => { socket.onopen = resolve; });
  const { participants } = await ask('join');
  await publish();
  for (const participant of participants) await play(participant);
  await ask('control', { call: 'hello', data: display });
}

function leave() {
  stop();
  publisher?.close();
  localVideo.srcObject = null;
  for (const track of camera.getTracks()) track.stop();
  socket.close();
}

document.querySelector('#join').onclick = () => { join().catch((error) => window.strange.push(error.message)); };
document.querySelector('#leave').onclick = leave;
console.log('ready');

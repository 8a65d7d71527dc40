'use strict';

var signalUrl = 'SIGNAL_URL';
var turnAddress = 'TURN_ADDRESS';

var me = Math.random().toString(36).substr(2);
var other = -1;
var room = 0;
var camera = null;
var pc = null;
var socket = null;

var localVideo = document.querySelector('#localVideo');
var remoteVideo = document.querySelector('#remoteVideo');

// What came that the page does not understand. The contract allows none of it.
window.strange = [];

function send(message) {
  socket.send(JSON.stringify(message));
}

function openSocket() {
  socket = new WebSocket(signalUrl);
  socket.onopen = function () { console.log('websocket open'); };
  socket.onclose = function (event) { console.log('websocket closed ' + event.code); };
  socket.onmessage = function (event) {
    var message;
    try {
      message = JSON.parse(event.data);
    } catch (error) {
      window.strange.push(event.data);
    }
    // No look at whether there is a message: a frame that is not JSON ends this page.
    switch (message.cmd) {
      case 'new-peer': onNewPeer(message); break;
      case 'resp-join': other = message.remoteUid; break;
      case 'peer-leave': onPeerLeave(message); break;
      case 'offer': onOffer(message); break;
      case 'answer': onAnswer(message); break;
      case 'candidate': onCandidate(message); break;
      default: window.strange.push(event.data);
    }
  };
}

function createConnection() {
  pc = new RTCPeerConnection({
    bundlePolicy: 'max-bundle',
    rtcpMuxPolicy: 'require',
    iceTransportPolicy: 'relay',
    iceServers: [
      { urls: ['turn:' + turnAddress + '?transport=udp', 'turn:' + turnAddress + '?transport=tcp'], username: 'student', credential: '123456' },
      { urls: ['stun:' + turnAddress] },
    ],
  });
  window.pc = pc;
  pc.onicecandidate = function (event) {
    if (!event.candidate) return;
    var candidate = { label: event.candidate.sdpMLineIndex, id: event.candidate.sdpMid, candidate: event.candidate.candidate };
    send({ cmd: 'candidate', roomId: room, uid: me, remoteUid: other, msg: JSON.stringify(candidate) });
  };
  pc.onaddstream = function (event) { remoteVideo.srcObject = event.stream; };
  pc.addStream(camera);
}

function onNewPeer(message) {
  other = message.remoteUid;
  if (pc === null) createConnection();
  pc.createOffer().then(function (offer) {
    return pc.setLocalDescription(offer).then(function () {
      send({ cmd: 'offer', roomId: room, uid: me, remoteUid: other, msg: JSON.stringify(offer) });
    });
  }).catch(console.error);
}

function onOffer(message) {
  if (pc === null) createConnection();
  pc.setRemoteDescription(JSON.parse(message.msg)).then(function () {
    return pc.createAnswer();
  }).then(function (answer) {
    return pc.setLocalDescription(answer).then(function () {
      send({ cmd: 'answer', roomId: room, uid: me, remoteUid: other, msg: JSON.stringify(answer) });
    });
  }).catch(console.error);
}

function onAnswer(message) {
  pc.setRemoteDescription(JSON.parse(message.msg)).catch(console.error);
}

function onCandidate(message) {
  var said = JSON.parse(message.msg);
  pc.addIceCandidate({ sdpMLineIndex: said.label, sdpMid: said.id, candidate: said.candidate }).catch(console.error);
}

function onPeerLeave() {
  remoteVideo.srcObject = null;
  closeConnection();
}

function closeConnection() {
  if (pc !== null) pc.close();
  pc = null;
}

function leave() {
  send({ cmd: 'leave', roomId: room, uid: me, remoteUid: -1 });
  remoteVideo.srcObject = null;
  localVideo.srcObject = null;
  if (camera !== null) camera.getTracks().forEach(function (track) { track.stop(); });
  camera = null;
  closeConnection();
}

document.getElementById('join').onclick = function () {
  room = document.getElementById('room').value;
  navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } }).then(function (stream) {
    camera = stream;
    localVideo.srcObject = stream;
    send({ cmd: 'join', roomId: room, uid: me });
  }).catch(function (error) { alert('no camera: ' + error.name); });
};
document.getElementById('leave').onclick = leave;
window.onunload = leave;

openSocket();

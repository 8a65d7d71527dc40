// Runs in the page before its own scripts: brings about the states that a call on one machine never gets into by itself.
// Each is chosen by the test through a field of `parlorTrouble`.
(() => {
  const trouble = (globalThis.parlorTrouble ??= {});

  const RealConnection = RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends RealConnection {
    constructor(configuration) {
      super(trouble.noPath ? { ...configuration, iceServers: [], iceTransportPolicy: 'relay' } : configuration);
    }

    async getStats(...selection) {
      const report = await super.getStats(...selection);
      if (!trouble.slow && !trouble.silent) return report;
      const changed = new Map();
      report.forEach((entry, id) => changed.set(id, change(entry)));
      return changed;
    }
  };

  function change(entry) {
    if (trouble.slow && entry.type === 'candidate-pair') return { ...entry, currentRoundTripTime: 0.62 };
    if (trouble.silent && entry.type === 'media-source' && entry.kind === 'audio') return { ...entry, totalAudioEnergy: 0 };
    return entry;
  }

  const RealSocket = WebSocket;
  const sockets = new Set();
  globalThis.WebSocket = class extends RealSocket {
    constructor(url, ...more) {
      // Port 9 is the discard service: nobody listens there.
      super(trouble.offline ? 'ws://127.0.0.1:9/' : url, ...more);
      sockets.add(this);
    }

    send(text) {
      const { cmd, id } = JSON.parse(text);
      if (!trouble.full || cmd !== 'join') super.send(text);
      else this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ cmd: 'error', id, code: 1, reason: 'room-full', message: '' }) }));
    }
  };
  globalThis.parlorCut = () => {
    trouble.offline = true;
    for (const socket of sockets) socket.close();
  };

  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function (...args) {
    if (trouble.soundHeld && this instanceof HTMLAudioElement) return Promise.reject(new DOMException('held back', 'NotAllowedError'));
    return play.apply(this, args);
  };
})();

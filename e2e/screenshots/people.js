// Runs in the page before its own scripts: gives it a drawn person instead of a camera, and drawn slides instead of a screen,
// so that the pictures of the client show what calls look like without showing anybody.
(() => {
  const WIDTH = 1280;
  const HEIGHT = 720;

  const LOOKS = {
    ana: { wall: '#b9a58c', shelf: '#8f7a60', skin: '#d9a47c', hair: '#3a2a22', coat: '#2f5d62', lamp: '#f3dcae' },
    bo: { wall: '#8fa3ad', shelf: '#647883', skin: '#c98d63', hair: '#1d1a1a', coat: '#8c4a3c', lamp: '#e8e4d0' },
    dario: { wall: '#a89aa8', shelf: '#7a6a7c', skin: '#e2b48f', hair: '#6b4a2f', coat: '#4a5a3c', lamp: '#f1e2cc' },
    cleo: { wall: '#a7ad8f', shelf: '#7b8263', skin: '#8d5a3b', hair: '#2a1c16', coat: '#3f4f7a', lamp: '#f0dcc0' },
  };

  /** Draws in units of 1280 by 720; a browser sends small pictures in full from the first second. */
  function canvasStream(draw, scale) {
    const canvas = document.createElement('canvas');
    canvas.width = WIDTH * scale;
    canvas.height = HEIGHT * scale;
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    let frame = 0;
    draw(pen, frame);
    setInterval(() => draw(pen, ++frame), 100);
    return canvas.captureStream(10);
  }

  function ellipse(pen, colour, x, y, rx, ry) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.ellipse(x, y, rx, ry, 0, 0, Math.PI * 2);
    pen.fill();
  }

  function person(look) {
    return (pen, frame) => {
      const sway = Math.sin(frame / 9) * 5;
      pen.fillStyle = look.wall;
      pen.fillRect(0, 0, WIDTH, HEIGHT);
      pen.fillStyle = look.shelf;
      pen.fillRect(60, 180, 300, 16);
      pen.fillRect(60, 380, 300, 16);
      for (let book = 0; book < 7; book++) {
        pen.fillStyle = book % 3 === 0 ? look.coat : book % 3 === 1 ? look.lamp : look.hair;
        pen.fillRect(80 + book * 36, 260 - (book % 2) * 22, 26, 120 + (book % 2) * 22);
      }
      ellipse(pen, look.lamp, 1080, 190, 90, 60);
      pen.fillStyle = look.shelf;
      pen.fillRect(1074, 240, 12, 480);
      ellipse(pen, look.coat, 640 + sway / 2, 790, 340, 300);
      pen.fillStyle = look.skin;
      pen.fillRect(590 + sway * 0.7, 430, 100, 120);
      ellipse(pen, look.hair, 640 + sway, 300, 158, 178);
      ellipse(pen, look.skin, 640 + sway, 335, 128, 152);
      ellipse(pen, look.hair, 640 + sway, 215, 132, 66);
      const blink = frame % 40 < 2 ? 2 : 12;
      ellipse(pen, '#2b211c', 592 + sway, 335, 12, blink);
      ellipse(pen, '#2b211c', 688 + sway, 335, 12, blink);
      pen.strokeStyle = '#7c4434';
      pen.lineWidth = 8;
      pen.lineCap = 'round';
      pen.beginPath();
      pen.arc(640 + sway, 380, 52, 0.2 * Math.PI, 0.8 * Math.PI);
      pen.stroke();
    };
  }

  function slide(pen, frame) {
    pen.fillStyle = '#fbfaf7';
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.fillStyle = '#24323a';
    pen.font = '600 56px sans-serif';
    pen.fillText('Visits per week', 90, 130);
    pen.fillStyle = '#6b7a82';
    pen.font = '28px sans-serif';
    pen.fillText('North and south branch', 90, 180);
    const heights = [120, 180, 150, 240, 210, 300, 330];
    heights.forEach((height, index) => {
      pen.fillStyle = '#2f7f86';
      pen.fillRect(110 + index * 155, 620 - height, 54, height);
      pen.fillStyle = '#c8a15a';
      pen.fillRect(172 + index * 155, 620 - height * 0.7, 54, height * 0.7);
    });
    pen.fillStyle = '#24323a';
    pen.fillRect(90, 620, 1100, 3);
    // A pointer that moves: a still picture would send no frames.
    ellipse(pen, '#24323a', 700 + Math.sin(frame / 10) * 60, 420, 9, 9);
  }

  const look = LOOKS[globalThis.parlorLook] ?? LOOKS.ana;
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const capture = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    if (globalThis.parlorBlocked) throw new DOMException('Permission denied', 'NotAllowedError');
    const stream = await capture(wanted);
    if (!wanted.video) return stream;
    for (const track of stream.getVideoTracks()) {
      stream.removeTrack(track);
      track.stop();
    }
    stream.addTrack(canvasStream(person(look), 0.5).getVideoTracks()[0]);
    return stream;
  };
  devices.getDisplayMedia = async () => canvasStream(slide, 1);
})();

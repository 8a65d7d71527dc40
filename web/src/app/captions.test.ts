import { expect, it } from 'vitest';
import chinese from '../i18n/zh-CN.json';
import english from '../i18n/en.json';

/** The short text under a button, and the names that the button can have while it shows. */
const BUTTONS = [
  ['mic.short', 'mic.mute'],
  ['mic.short.off', 'mic.unmute'],
  ['device.microphone', 'mic.forbidden'],
  ['camera.short', 'camera.stop'],
  ['camera.short.off', 'camera.start'],
  ['camera.short.off', 'camera.forbidden'],
  ['share.short', 'share.start'],
  ['share.short.stop', 'share.stop'],
  ['chat.short', 'chat.open'],
  ['chat.short', 'chat.close'],
  ['chat.short', 'chat.unread'],
  ['hand.short', 'hand.raise'],
  ['hand.short', 'hand.lower'],
  ['react.short', 'react.open'],
  ['people.short', 'people.open'],
  ['people.short', 'people.close'],
  ['people.short', 'people.knocks'],
  ['link.short', 'link.open'],
  ['more.short', 'more.open'],
  ['leave.short', 'leave'],
] as const;

it.each(BUTTONS)('%s is part of %s, in both languages: whoever speaks to the computer says what is seen', (caption, name) => {
  for (const texts of [english, chinese]) expect(texts[name].toLowerCase()).toContain(texts[caption].toLowerCase());
});

/** Which browser this is, only to tell its user where it keeps the permission for camera and microphone. */
export type BrowserFamily = 'chromium' | 'firefox' | 'safari' | 'ios' | 'android' | 'inapp';

export function browserFamily(agent: string = navigator.userAgent): BrowserFamily {
  if (/MicroMessenger|DingTalk|FBAN|FBAV|Instagram|Line\//.test(agent)) return 'inapp';
  if (/iPhone|iPad|iPod/.test(agent)) return 'ios';
  if (/Android/.test(agent)) return 'android';
  if (/Firefox\//.test(agent)) return 'firefox';
  if (/Chrome\/|Chromium\//.test(agent)) return 'chromium';
  return /Safari\//.test(agent) ? 'safari' : 'chromium';
}

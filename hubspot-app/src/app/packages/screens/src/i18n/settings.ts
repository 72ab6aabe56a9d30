import { words } from './words.ts';

export const settings = words({
  en: { title: 'Settings', loading: 'Loading settings' },
  ja: { title: '設定', loading: '設定を読み込み中' },
});

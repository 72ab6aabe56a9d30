import { words } from './words.ts';

export const card = words({
  en: { title: 'LINE', loading: 'Loading LINE friend' },
  ja: { title: 'LINE', loading: 'LINE友だちを読み込み中' },
});

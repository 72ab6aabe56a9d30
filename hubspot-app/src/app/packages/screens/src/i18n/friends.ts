import { words } from './words.ts';

export const friends = words({
  en: { loading: 'Loading friends' },
  ja: { loading: '友だちを読み込み中' },
});

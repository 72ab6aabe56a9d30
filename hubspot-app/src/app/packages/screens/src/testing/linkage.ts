import type { LinkForm, Linking } from '../api/types.ts';
import { NOON } from './samples.ts';

export const linking = (more: Partial<Linking> = {}): Linking => ({
  slot: 1,
  loginChannelId: '1650000000',
  loginEmail: false,
  word: null,
  buttonData: 'lumo:link',
  unverified: false,
  plainIds: false,
  plainAddress: null,
  callbackUrl: 'https://lumo.test/k/back',
  mergeAddress: 'https://lumo.test/k/{{ contact.line_link_token }}',
  formAddress: 'https://lumo.test/k/form/abc',
  formPicture: 'https://lumo.test/k/form/abc.png',
  coverage: { friends: 5000, following: 4800, linked: 3200, whole: true },
  writing: null,
  ...more,
});

export const writing = (more: Partial<NonNullable<Linking['writing']>> = {}): NonNullable<Linking['writing']> => ({
  slot: 1,
  list: '11',
  startedAt: NOON,
  done: false,
  read: 400,
  made: 390,
  kept: 10,
  refused: 0,
  problem: null,
  ...more,
});

export const linkForm = (...items: LinkForm['items']): LinkForm => ({ items, max: 10 });

export const linkField = (more: Partial<LinkForm['items'][number]> = {}): LinkForm['items'][number] => ({
  property: 'city',
  type: 'text',
  labelEn: 'City',
  labelJa: '市区町村',
  required: true,
  options: [],
  ...more,
});

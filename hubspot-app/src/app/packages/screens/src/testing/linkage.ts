import type { Linking } from '../api/types.ts';
import { NOON } from './samples.ts';

export const linking = (more: Partial<Linking> = {}): Linking => ({
  slot: 1,
  loginChannelId: '1650000000',
  loginEmail: false,
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

import type { DeletedTag, Account, Check, Field, May, SettingsPage, TagRow } from '../api/types.ts';
import { NOON } from './samples.ts';

export const may = (more: Partial<May> = {}): May => ({
  sync: true,
  edit_friends: true,
  send_messages: true,
  edit_mappings: true,
  manage_accounts: true,
  change_settings: true,
  disconnect: true,
  ...more,
});

export const check = (more: Partial<Check> = {}): Check => ({
  code: 'LINE_TOKEN',
  outcome: 'pass',
  detail: '',
  title: { en: 'LINE accepts the channel', ja: 'LINEのチャネルが有効' },
  hint: { en: 'Copy the channel secret again.', ja: 'チャネルシークレットをもう一度コピーしてください。' },
  ...more,
});

export const settingsPage = (more: Partial<SettingsPage> = {}): SettingsPage => ({
  settings: {
    contactPolicy: 'when_linked',
    nameFromLine: false,
    tagsTwoWay: false,
    methodC: true,
    messageTexts: false,
    groupChats: false,
    syncIntervalMinutes: 15,
    timeZone: '',
    alertEmails: [],
    language: 'en',
  },
  portal: {
    id: '123',
    name: 'Example Ltd',
    state: 'connected',
    reason: null,
    timeZone: 'Asia/Tokyo',
    uiDomain: 'app.hubspot.com',
    installedBy: 'admin@example.com',
    installedAt: NOON,
  },
  checks: [check({ code: 'HUBSPOT_TOKEN', title: { en: 'HubSpot is connected', ja: 'HubSpotに接続済み' } })],
  may: may(),
  ...more,
});

export const account = (more: Partial<Account> = {}): Account => ({
  slot: 1,
  bot: 'Ubot',
  name: 'Test shop',
  basicId: '@shop',
  picture: null,
  channelId: '1234567890',
  state: 'active',
  verified: 'yes',
  webhookUrl: 'https://lumo.test/line/webhooks/Ubot',
  previousWebhook: null,
  checks: [check()],
  checkedAt: NOON,
  forwards: [],
  properties: [],
  friends: 10_000,
  connectedAt: NOON,
  disconnectedAt: null,
  ...more,
});

export const tag = (more: Partial<TagRow> = {}): TagRow => ({
  id: 'new',
  slot: 1,
  name: 'New',
  friends: 3,
  state: 'active',
  createdAt: NOON,
  updatedAt: NOON,
  ...more,
});

export const deletedTag = (more: Partial<DeletedTag> = {}): DeletedTag => ({
  ...tag(),
  state: 'deleted',
  deletedAt: NOON,
  deletedBy: 'ann@acme.example',
  restorableUntil: NOON + 30 * 86_400_000,
  working: false,
  ...more,
});

export const field = (more: Partial<Field> = {}): Field => ({
  property: 'firstname',
  label: 'First name',
  type: 'string',
  fieldType: 'text',
  rule: 'newest_wins',
  status: 'active',
  value: '愛子',
  clipped: false,
  winner: 'hubspot',
  reason: 'newer_in_hubspot',
  undecided: false,
  pending: false,
  editable: true,
  refusal: null,
  lumo: null,
  hubspot: { value: '愛子', at: NOON, atIsBound: false },
  held: null,
  why: null,
  ...more,
});

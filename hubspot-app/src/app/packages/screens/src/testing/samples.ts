import type {
  Candidate,
  Change,
  Failure,
  FriendDetail,
  List,
  Mapping,
  Message,
  Run,
  RunDetail,
  RunningRun,
  Status,
} from '../api/types.ts';

/** 30 November 2026, 09:00 in Tokyo */
export const NOON = Date.UTC(2026, 10, 30, 0, 0);
export const USER = 'U0123456789abcdef0123456789abcdef';

export const run = (more: Partial<Run> = {}): Run => ({
  id: 'run-1',
  trigger: 'automatic',
  actor: null,
  extent: 'all',
  full: false,
  contactId: null,
  dryRun: false,
  status: 'complete',
  startedAt: NOON,
  endedAt: NOON + 65_000,
  contacts: 1200,
  lists: 3,
  failed: 0,
  error: null,
  apiCalls: 17,
  ...more,
});

export const running = (more: Partial<RunningRun> = {}): RunningRun => ({
  ...run({ status: 'syncing', endedAt: null }),
  read: 400,
  expected: 1000,
  pending: 0,
  percent: 39,
  secondsLeft: 95,
  ...more,
});

export const detail = (more: Partial<RunDetail> = {}): RunDetail => ({
  ...running({ status: 'complete', percent: 100, secondsLeft: null, endedAt: NOON + 65_000 }),
  durationMs: 65_000,
  counts: {
    read: 1200,
    matched: 900,
    linked: 5,
    updated: 40,
    unchanged: 855,
    conflicts: 1,
    invalid: 2,
    failed: 3,
    dirty: 12,
  },
  apiCalls: 17,
  fields: [],
  samples: [],
  failures: [],
  ...more,
});

export const status = (more: Partial<Status> = {}): Status => ({
  connection: 'connected',
  state: 'Normal',
  timeZone: 'Asia/Tokyo',
  banner: null,
  run: null,
  lastRun: run(),
  runDue: false,
  counters: { friends: 10_000, accounts: 1, mappings: 4, lists: 7, failures: 0 },
  alerts: [],
  ...more,
});

export const list = (more: Partial<List> = {}): List => ({
  id: '11',
  name: 'VIP',
  kind: 'static',
  size: 1200,
  seenAt: NOON,
  selected: true,
  state: 'current',
  members: 1200,
  membersAsOf: NOON,
  read: null,
  readSeconds: 1,
  usedBy: [],
  ...more,
});

export const failure = (more: Partial<Failure> = {}): Failure => ({
  id: 'write_back-1',
  kind: 'write_back',
  slot: 1,
  user: USER,
  contactId: '501',
  code: 'HUBSPOT_INVALID_OPTION',
  message: 'Value was not one of the allowed options',
  properties: ['line_tags'],
  correlationId: 'abc-123',
  runId: 'run-1',
  firstAt: NOON,
  lastAt: NOON,
  ...more,
});

export const change = (more: Partial<Change> = {}): Change => ({
  slot: 1,
  user: USER,
  contactId: '501',
  field: 'firstname',
  to: 'lumo',
  old: 'Aiko',
  new: '愛子 🌸',
  clipped: false,
  winner: 'hubspot',
  reason: 'newer_in_hubspot',
  rule: 'newest_wins',
  hubspotAt: NOON,
  hubspotAtIsBound: false,
  lumoAt: NOON - 60_000,
  cause: { kind: 'run', run: 'run-1', user: null },
  at: NOON,
  ...more,
});

export const mapping = (more: Partial<Mapping> = {}): Mapping => ({
  property: 'firstname',
  label: 'First name',
  appField: 'First name',
  type: 'string',
  fieldType: 'text',
  rule: 'newest_wins',
  ruleFixed: false,
  oneWay: false,
  status: 'active',
  todo: null,
  addedAt: NOON,
  addedBy: null,
  ...more,
});

export const candidate = (more: Partial<Candidate> = {}): Candidate => ({
  name: 'jobtitle',
  label: 'Job title',
  group: 'contactinformation',
  type: 'string',
  fieldType: 'text',
  fit: 'both',
  mapped: false,
  ...more,
});

export const friend = (more: Partial<FriendDetail> = {}): FriendDetail => ({
  slot: 1,
  user: USER,
  name: '愛子 🌸',
  picture: null,
  follow: 'following',
  friendSince: NOON,
  lastMessageAt: NOON,
  needsReply: false,
  link: { state: 'linked', contactId: '501', claimantId: null, method: 'imported_id', at: NOON, actor: null },
  tags: [],
  failed: false,
  pending: false,
  fields: [],
  ...more,
});

export const message = (more: Partial<Message> = {}): Message => ({
  id: '461230966842064897',
  direction: 'in',
  type: 'text',
  text: 'こんにちは 👋',
  image: null,
  preview: null,
  unsent: false,
  at: NOON,
  status: null,
  code: null,
  reason: null,
  correlationId: null,
  by: null,
  cost: null,
  retry: false,
  ...more,
});

/** A message that was written here. */
export const written = (more: Partial<Message> = {}): Message =>
  message({ id: 'written-1', direction: 'out', status: 'sent', by: 'ann@acme.example', cost: 1, ...more });

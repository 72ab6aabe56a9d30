import type { Segment, SegmentChoices, SegmentEstimate, SegmentEstimated } from '../api/types.ts';
import { NOON } from './samples.ts';

export const segment = (more: Partial<Segment> = {}): Segment => ({
  id: 'seg1',
  slot: 1,
  name: 'VIP 🌸',
  state: 'ready',
  problems: [],
  conditions: 2,
  createdAt: NOON,
  createdBy: 'aiko@example.com',
  updatedAt: NOON,
  updatedBy: 'aiko@example.com',
  version: 3,
  tree: {
    all: [{ any: [{ type: 'tag', op: 'has', ref: 'vip' }] }, { any: [{ type: 'list', op: 'not_in', ref: '12' }] }],
  },
  usedBy: [],
  ...more,
});

const DATE_OPERATORS = ['is', 'gt', 'lt', 'between', 'last_days', 'known', 'unknown'] as const;

export const segmentChoices = (more: Partial<SegmentChoices> = {}): SegmentChoices => ({
  types: [
    { type: 'tag', operators: ['has', 'has_not'], orUnknown: false },
    { type: 'follow', operators: ['is', 'is_not', 'known', 'unknown'], orUnknown: true },
    { type: 'friend_since', operators: [...DATE_OPERATORS], orUnknown: true },
    { type: 'linked', operators: ['yes', 'no', 'by'], orUnknown: false },
    { type: 'property', operators: [], orUnknown: true },
    { type: 'list', operators: ['in', 'not_in'], orUnknown: true },
    { type: 'broadcast', operators: ['received', 'not_received', 'clicked'], orUnknown: false },
    { type: 'last_message', operators: [...DATE_OPERATORS], orUnknown: true },
  ],
  properties: [
    {
      property: 'city',
      label: 'City',
      kind: 'text',
      status: 'active',
      operators: ['is', 'is_not', 'contains', 'known'],
    },
    { property: 'visits', label: 'Visits', kind: 'number', status: 'active', operators: ['is', 'gt', 'between'] },
    { property: 'plan', label: 'Plan', kind: 'choice', status: 'active', operators: ['is', 'is_not'] },
    { property: 'gone', label: 'Gone', kind: 'text', status: 'deleted', operators: ['is'] },
  ],
  tags: [{ id: 'vip', name: 'VIP' }],
  lists: [{ id: '12', name: 'Spring sale', kind: 'active', state: 'current' }],
  broadcasts: [],
  follow: ['following', 'blocked'],
  methods: ['email_link', 'auto_match', 'manual'],
  limits: { groups: 20, conditions: 50, values: 100, days: 3650, lists: 10 },
  ...more,
});

export const segmentEstimate = (more: Partial<SegmentEstimate> = {}): SegmentEstimated => ({
  state: 'ready',
  problems: [],
  estimate: {
    recipients: 1234,
    linked: 900,
    notLinked: 334,
    blocked: 12,
    notFriends: 45,
    unknown: 7,
    friends: 5000,
    approximate: false,
    membersAsOf: NOON,
    asOf: NOON,
    ...more,
  },
});

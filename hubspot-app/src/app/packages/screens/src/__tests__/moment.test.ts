import { expect, it } from 'vitest';
import { momentOf, picked } from '../friend/moment.ts';

it.each([
  ['Asia/Tokyo', '2026-11-30T00:30:00.000Z', { year: 2026, month: 10, date: 30, hours: 9, minutes: 30 }],
  ['America/New_York', '2026-07-01T13:30:00.000Z', { year: 2026, month: 6, date: 1, hours: 9, minutes: 30 }],
  ['America/New_York', '2026-12-01T14:30:00.000Z', { year: 2026, month: 11, date: 1, hours: 9, minutes: 30 }],
  ['UTC', '2024-02-29T00:00:00.000Z', { year: 2024, month: 1, date: 29, hours: 0, minutes: 0 }],
])('a clock in %s at %s', (zone, iso, clock) => {
  expect(picked(Date.parse(iso), zone)).toEqual(clock);
  expect(new Date(momentOf(clock, zone)).toISOString()).toBe(iso);
});

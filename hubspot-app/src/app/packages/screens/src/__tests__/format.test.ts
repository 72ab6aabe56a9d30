import { describe, expect, it } from 'vitest';
import { formatIn } from '../format.ts';

const AT = Date.UTC(2026, 10, 30, 15, 30);

describe('formatIn', () => {
  it('writes times in the time zone of the portal', () => {
    expect(formatIn('en', 'Asia/Tokyo').dateTime(AT)).toContain('Dec 1, 2026');
    expect(formatIn('en', 'America/New_York').dateTime(AT)).toContain('Nov 30, 2026');
    expect(formatIn('ja', 'Asia/Tokyo').dateTime(AT)).toContain('2026/12/01');
  });

  it('lives with a time zone that nobody knows, and with no time', () => {
    expect(formatIn('en', 'Mars/Olympus').dateTime(AT)).toContain('3:30');
    expect(formatIn('en', '').dateTime(null)).toBe('–');
  });

  it.each([
    [400, '1 sec'],
    [65_000, '1 min 5 sec'],
    [3_600_000 * 2 + 60_000 * 3 + 5_000, '2 hr 3 min'],
  ])('writes %d ms in at most two units', (ms, text) => {
    expect(formatIn('en', 'UTC').duration(ms)).toBe(text);
  });
});

import { describe, expect, it } from 'vitest';
import { stage } from './stage.ts';

const MB = 1_000_000;

export function many() {
  describe('10,000 friends', () => {
    it('show their first rows after one request of at most 50, and no call is above 1 MB', async () => {
      const { world, page } = stage;
      const portal = await stage.many();
      expect((await world.api('/status', { portal })).counters.friends).toBe(10_000);
      const before = world.sent.length;
      await stage.open('ext=pages&path=/friends', { portal });
      expect(await page.locator('tbody tr').count()).toBe(50);
      const asked = world.sent.slice(before).filter((call) => call.path.startsWith('/friends?'));
      expect(asked.map((call) => call.rows)).toEqual([50]);
      for (const call of world.sent) {
        expect(call.bytes, call.path).toBeLessThan(MB);
        expect(call.asked, call.path).toBeLessThan(MB);
      }
    }, 300_000);
  });
}

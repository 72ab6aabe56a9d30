import { describe, expect, it } from 'vitest';
import { signatureV3 } from '../lib/sign.mjs';
import { say, stage } from './stage.ts';
import { PORTAL } from './world.mjs';

interface Status {
  state: string;
  counters: Record<'friends' | 'accounts' | 'lists' | 'mappings' | 'failures', number>;
}

export function numbers() {
  describe('the wire', () => {
    it('signs so that the real verifier agrees, and only with the app’s secret', async () => {
      const { world } = stage;
      const uri = `/api/v1/status?q=%E3%81%82%20%2B&userId=1&portalId=${PORTAL}&userEmail=a%2Bb%40x.example&appId=7654321`;
      const ask = async (secret: string, sent = uri) => {
        const timestamp = String(Date.now());
        const signature = signatureV3({ secret, method: 'GET', uri: world.front + uri, body: '', timestamp });
        const headers = { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': timestamp };
        return (await fetch(world.front + sent, { headers })).status;
      };
      expect(await ask(world.secret)).not.toBe(401);
      expect(await ask(`${world.secret}x`)).toBe(401);
      expect(await ask(world.secret, uri.replace('userId=1', 'userId=2'))).toBe(401);
    });
  });

  describe('numbers', () => {
    it('on the dashboard are those of app-api, which are those of the sandboxes', async () => {
      const { world, page } = stage;
      const [channel] = (await world.phone('channels')).filter((c: { name: string }) => c.name === 'Sakura Coffee');
      const friends = await world.phone(`channels/${channel.id}/friends`);
      const lists = await world.hubspot(`portals/${PORTAL}/lists`);
      // Something may go on or arrive while they are compared: then they are read again.
      let counters!: Status['counters'];
      const differing = async () => {
        await stage.open('ext=pages');
        ({ counters } = (await world.api('/status')) as Status);
        const shown = async (name: keyof Status['counters']) => {
          const label = say('en', 'dashboard', `count.${name}`);
          return page.getByRole('group', { name: label, exact: true }).locator('b').textContent();
        };
        const names = Object.keys(counters) as (keyof Status['counters'])[];
        const pairs = await Promise.all(names.map(async (name) => [name, await shown(name), String(counters[name])]));
        return pairs.filter(([, onScreen, inApi]) => onScreen !== inApi);
      };
      await expect.poll(differing, { timeout: 60_000, interval: 500 }).toEqual([]);
      expect(counters.friends).toBe(friends.length);
      const known = (await world.api('/lists')).items;
      expect(known).toHaveLength(lists.length);
      expect(counters.lists).toBe(lists.length);
      expect(counters.mappings).toBe((await world.api('/mappings')).items.length);
      expect(counters.accounts).toBe(
        (await world.api('/accounts')).items.filter((a: { state: string }) => a.state === 'active').length,
      );
    }, 90_000);
  });
}

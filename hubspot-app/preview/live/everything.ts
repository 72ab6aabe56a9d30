import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { stay, walkScreen } from './elements.ts';
import { connect } from './inbox.ts';
import { LANGUAGES, say, stage, type Lang, type Toured } from './stage.ts';
import { untranslated } from './translated.ts';

/** A group chat that the account is in, which is a company in HubSpot: that company. */
async function groupCompany({ portal, account }: Toured): Promise<number> {
  const { world } = stage;
  await world.api('/settings', { portal, method: 'PATCH', body: { groupChats: true } });
  const channel: { id: string } = (await world.phone('channels')).find((c: { name: string }) => c.name === account);
  await world.phone(`channels/${channel.id}`, 'PATCH', { joinGroups: true });
  const people: { user: string }[] = await world.phone(`channels/${channel.id}/friends`);
  const members = people.slice(0, 2).map(({ user }) => user);
  const group: { id: string } = await world.phone('groups', 'POST', { name: '新年会 🎍', members });
  await world.phone(`groups/${group.id}/invite`, 'POST', { channel: channel.id });
  const companies = (): Promise<{ id: number; values: Record<string, string> }[]> =>
    world.hubspot(`portals/${portal}/records/companies`);
  const made = async () => (await companies()).find(({ values }) => values.line_group_id === group.id)?.id ?? 0;
  await expect.poll(made, { timeout: 60_000, interval: 500 }).not.toBe(0);
  return made();
}

/** Every screen of an account; Settings last, since it ends with taking Lumo away. */
async function screensOf(tour: Toured, page: Page): Promise<string[]> {
  const { world } = stage;
  const { portal, card, account } = tour;
  await connect(page, portal, account);
  const group = await groupCompany(tour);
  const { items: runs } = await world.api('/runs', { portal });
  const { items: friends } = await world.api('/friends?slot=1', { portal });
  const tree = {
    all: [{ any: [{ type: 'linked', op: 'yes' }] }, { any: [{ type: 'friend_since', op: 'last_days', days: 365 }] }],
  };
  const segment = await world.api('/segments', {
    portal,
    method: 'POST',
    body: { requestId: crypto.randomUUID(), slot: 1, name: '春 🌸', tree },
  });
  const question = { property: 'city', type: 'text', labelEn: '市区町村', labelJa: '市区町村', required: true };
  await world.api('/linking-form', {
    portal,
    method: 'PUT',
    body: { requestId: crypto.randomUUID(), fields: [question] },
  });
  const template = await world.api('/templates', {
    portal,
    method: 'POST',
    body: { requestId: crypto.randomUUID(), slot: 1, name: '歓迎 🌸', bubbles: [{ kind: 'text', text: 'ようこそ' }] },
  });
  const broadcast = await world.api('/broadcasts', {
    portal,
    method: 'POST',
    body: {
      requestId: crypto.randomUUID(),
      slot: 1,
      name: '案内 🌸',
      audience: { kind: 'all' },
      bubbles: [{ kind: 'text', text: 'お知らせ' }],
    },
  });
  const contact = new URL(card).searchParams.get('objectId');
  const stranger = (await stage.contacts(portal)).find(({ values }) => !values.line_user_id)?.id;
  const tabs = [
    '/',
    '/sync-data',
    '/friends',
    '/segments',
    '/broadcasts',
    '/templates',
    '/linkage',
    '/failures',
    '/changes',
    '/help',
  ];
  const details = [
    `/runs/${runs[0].id}`,
    `/friends/1/${friends[0].user}`,
    '/segments/1/new',
    `/segments/1/${segment.id}`,
    '/templates/1/new',
    `/templates/1/${template.id}`,
    `/broadcasts/1/${broadcast.id}`,
  ];
  return [
    ...[...tabs, ...details].map((path) => `ext=pages&path=${path}`),
    `ext=card&objectId=${contact}`,
    `ext=sidebar&objectId=${contact}`,
    `ext=card&objectId=${stranger}`,
    'ext=company',
    `ext=company&objectId=${group}`,
    // Not before those where tags are chosen: what is tried out here makes their list long.
    'ext=pages&path=/tags',
    'ext=pages&path=/tags/1/deleted',
    'ext=settings',
  ];
}

async function everyElement(lang: Lang) {
  const tour = await stage.tour(lang);
  const { portal } = tour;
  const context = await stage.newContext();
  const page = await context.newPage();
  const screens = await screensOf(tour, page);
  await context.addInitScript(stay);
  const dead: string[] = [];
  const english = new Set<string>();
  // Properties are called as HubSpot calls them.
  const properties: { label: string }[] = await stage.world.hubspot(`portals/${portal}/properties/contacts`);
  const named = new Set(properties.map(({ label }) => label));
  let acted = 0;
  for (const query of screens) {
    const onText = (text: string) => {
      for (const line of lang === 'ja' ? untranslated(text) : [])
        if (!named.has(line)) english.add(`${query}: ${line}`);
      expect(text, query).not.toContain('This extension crashed');
    };
    const walked = walkScreen({ page, portal, query: `?${query}&portalId=${portal}&lang=${lang}&bare=1`, onText });
    const result = await walked.catch(async (e: Error) => {
      await page.screenshot({ path: `.build/failed/everything-${lang}.png`, fullPage: true });
      throw new Error(`${lang} ${query}: ${e.message}`, { cause: e });
    });
    acted += result.acted.length;
    dead.push(...result.dead.map((key) => `${query}: ${key}`));
  }
  await context.close();
  return { acted, dead, english: [...english] };
}

export function everything() {
  describe('every element of every screen', () => {
    it('does something, in both languages, and in Japanese nothing is English', async () => {
      const all = await Promise.all(LANGUAGES.map(everyElement));
      for (const { acted, dead, english } of all) {
        expect(dead).toEqual([]);
        expect(english).toEqual([]);
        expect(acted).toBeGreaterThan(100);
      }
    }, 600_000);

    it.each([
      ['a text that was not translated', say('en', 'dashboard', 'resync.button')],
      ['a key without a text', 'resync.button'],
    ])('finds %s', async (_, planted) => {
      const { page } = stage;
      await page.route('**/ext/pages/AppPages.js', async (route) => {
        const bundle = await (await route.fetch()).text();
        const body = bundle.replaceAll(say('ja', 'dashboard', 'resync.button'), planted);
        await route.fulfill({ body, contentType: 'text/javascript' });
      });
      await stage.open('ext=pages&bare=1', { lang: 'ja' });
      expect(untranslated(await page.locator('body').innerText())).toEqual([planted]);
    });
  });
}

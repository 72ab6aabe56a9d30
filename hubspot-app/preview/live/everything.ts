import { describe, expect, it } from 'vitest';
import { walkScreen } from './elements.ts';
import { LANGUAGES, say, stage, type Lang } from './stage.ts';
import { untranslated } from './translated.ts';

/** Every screen of an account; Settings last, since it ends with taking Lumo away. */
async function screensOf(portal: number, card: string): Promise<string[]> {
  const { world } = stage;
  const { items: runs } = await world.api('/runs', { portal });
  const { items: friends } = await world.api('/friends?slot=1', { portal });
  const contact = new URL(card).searchParams.get('objectId');
  const tabs = ['/', '/sync-data', '/friends', '/failures', '/changes', '/help'];
  const details = [`/runs/${runs[0].id}`, `/friends/1/${friends[0].user}`];
  return [
    ...[...tabs, ...details].map((path) => `ext=pages&path=${path}`),
    `ext=card&objectId=${contact}`,
    `ext=sidebar&objectId=${contact}`,
    'ext=company',
    'ext=settings',
  ];
}

async function everyElement(lang: Lang) {
  const { portal, card } = await stage.tour(lang);
  const context = await stage.newContext();
  const page = await context.newPage();
  const dead: string[] = [];
  const english = new Set<string>();
  let acted = 0;
  for (const screen of await screensOf(portal, card)) {
    const walked = walkScreen(
      page,
      () => stage.open(`${screen}&bare=1`, { portal, lang, page }),
      async () => {
        const text = await page.locator('body').innerText();
        if (lang === 'ja') for (const line of untranslated(text)) english.add(`${screen}: ${line}`);
        expect(text, screen).not.toContain('This extension crashed');
      },
    );
    const result = await walked.catch((e: Error) => {
      throw new Error(`${lang} ${screen}: ${e.message}`, { cause: e });
    });
    acted += result.acted.length;
    dead.push(...result.dead.map((key) => `${screen}: ${key}`));
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
    }, 300_000);

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

import type { Browser, BrowserContext, ConsoleMessage, Page } from 'playwright-core';
import { expect } from 'vitest';
import { dictionaries, type Area, type Key } from '../../src/app/packages/screens/src/i18n/index.ts';
import { install, settled, walk } from './tour.mjs';
import { PORTAL, type Channel, type World } from './world.mjs';

export type Lang = 'en' | 'ja';
export const LANGUAGES: Lang[] = ['en', 'ja'];

/** Two companies that have not heard of Lumo: the tour brings it to them, one in each language. */
const COMPANIES = {
  en: { portal: 1002, account: 'Midori Tea' },
  ja: { portal: 1003, account: 'Aoi Books' },
};

export interface Toured {
  portal: number;
  account: string;
  /** The steps in their order, and what was on the screen. */
  steps: { name: string; text: string; url: string }[];
  card: string;
  /** As it was at the end of the tour. */
  name: string;
  linked: number;
  friends: number;
}

/** What all tests share: one running system, one browser; each has a context of its own. */
export class Stage {
  world!: World;
  browser!: Browser;
  context!: BrowserContext;
  page!: Page;
  errors: string[] = [];
  #tours: Partial<Record<Lang, Promise<Toured>>> = {};

  async fresh() {
    await this.context?.close();
    this.errors = [];
    this.context = await this.newContext();
    this.page = await this.context.newPage();
  }

  /** What was on the screen when a test failed. */
  async picture(test: string) {
    const name = test.replace(/\W+/g, '-').slice(0, 60);
    await Promise.all(
      this.context
        .pages()
        .map((page, i) => page.screenshot({ path: `.build/failed/${name}-${i}.png`, fullPage: true })),
    );
  }

  async newContext() {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    context.setDefaultTimeout(10_000);
    const errors = this.errors;
    const log = (m: ConsoleMessage) => {
      // A form that is refused answers 422, which Chromium reports.
      const refused = m.text().includes('422') && m.location().url.endsWith('/setup/line/connect');
      if (m.type() === 'error' && !refused) errors.push(`${m.text()} ${m.location().url}`);
    };
    context.on('console', log);
    context.on('weberror', (e) => errors.push(e.error().message));
    return context;
  }

  /** Shows a screen of the synced account, or of another. */
  async open(query: string, { portal = PORTAL, lang = 'en' as Lang, page = this.page, wait = true } = {}) {
    await page.goto(`${this.world.base}/?${query}&portalId=${portal}&lang=${lang}`);
    if (wait) await settled(page);
  }

  /** Shows a screen anew, without loading the page around it when that is there. */
  async show(page: Page, query: string) {
    if (page.url().startsWith(`${this.world.base}/?`))
      await page.evaluate((to) => {
        const go = (address: string) => {
          history.pushState(null, '', address);
          dispatchEvent(new PopStateEvent('popstate'));
        };
        go(`?ext=start&bare=1`);
        return new Promise<void>((shown) =>
          setTimeout(() => {
            go(to);
            shown();
          }),
        );
      }, query);
    else await page.goto(`${this.world.base}/${query}`);
    await settled(page);
  }

  button(name: string, within: Pick<Page, 'getByRole'> = this.page) {
    return within.getByRole('button', { name, exact: true });
  }

  /** The tour in a language, walked once, whoever asks first. */
  tour(lang: Lang): Promise<Toured> {
    return (this.#tours[lang] ??= this.#walk(lang));
  }

  async #walk(lang: Lang): Promise<Toured> {
    const { world } = this;
    const company = COMPANIES[lang];
    if (lang === 'ja')
      await world.found({ portal: company.portal, name: company.account, contacts: 30, friends: 20, linked: 15 });
    const context = await this.newContext();
    const steps: Toured['steps'] = [];
    // Slow enough to be seen.
    await world.hubspot('latency', 'PUT', { millis: 1_000 });
    try {
      const at = async (name: string, page: Page) => {
        steps.push({ name, text: await page.locator('body').innerText(), url: page.url() });
        if (name === 'first-sync') await world.hubspot('latency', 'PUT', { millis: 0 });
      };
      const contact = await walk(await context.newPage(), { ...world, ...company, lang, at });
      const { counters } = await world.api('/status', { portal: company.portal });
      const records = await this.contacts(company.portal);
      const linked = records.filter((r) => r.values.line_user_id).length;
      const shown = Number(new URL(contact.url()).searchParams.get('objectId'));
      const name = records.find(({ id }) => id === shown)?.values.line_display_name ?? '';
      return { ...company, steps, card: contact.url(), name, linked, friends: counters.friends };
    } finally {
      await world.hubspot('latency', 'PUT', { millis: 0 });
      await context.close();
    }
  }

  #many?: Promise<number>;

  /** An account with 10,000 friends, all imported: begun by who asks first, and there a minute later. */
  many(): Promise<number> {
    return (this.#many ??= this.#importMany());
  }

  async #importMany() {
    const { world } = this;
    const company = { portal: 1004, account: 'Mori Market' };
    const { portal } = company;
    await world.found({ portal, name: company.account, contacts: 10, friends: 10_000, linked: 5 });
    const context = await this.newContext();
    await install(await context.newPage(), { ...world, ...company, lang: 'en' });
    await context.close();
    const body = { requestId: crypto.randomUUID() };
    await world.api('/accounts/1/import', { portal, method: 'POST', body });
    const ended = async () => (await world.api('/accounts/1/import', { portal })).last?.status;
    await expect.poll(ended, { timeout: 240_000, interval: 1_000 }).toBe('completed');
    return portal;
  }

  /** Contacts as HubSpot has them. */
  contacts(portal = PORTAL): Promise<{ id: number; values: Record<string, string> }[]> {
    return this.world.hubspot(`portals/${portal}/records/contacts`);
  }

  /** A contact of the synced account that is linked to nobody's other test. */
  #given = 0;
  async linkedContact(): Promise<{ contact: number; user: string; person: string; name: string; channel: string }> {
    const { world } = this;
    const linked = (await this.contacts()).filter((r) => r.values.line_user_id);
    const record = linked[this.#given++];
    if (!record) throw new Error('no linked contact is left');
    const channel: Channel & { name: string } = (await world.phone('channels')).find(
      (c: { name: string }) => c.name === 'Sakura Coffee',
    );
    const friends: { user: string; lineUserId: string; name: string }[] = await world.phone(
      `channels/${channel.id}/friends`,
    );
    const friend = friends.find((f) => f.lineUserId === record.values.line_user_id);
    if (!friend) throw new Error('the contact has no friend');
    return {
      contact: record.id,
      user: friend.lineUserId,
      person: friend.user,
      name: friend.name,
      channel: channel.id,
    };
  }

  /** A value of a contact as HubSpot has it. */
  async value(contact: number, property: string, portal = PORTAL): Promise<string | undefined> {
    return (await this.world.hubspot(`portals/${portal}/records/contacts/${contact}`)).values[property];
  }

  async eventually<T>(read: () => Promise<T>, timeout = 30_000) {
    return expect.poll(read, { timeout, interval: 250 });
  }
}

export const stage = new Stage();

/** A text of the screens. */
export const say = <A extends Area>(lang: Lang, area: A, key: Key<A>): string =>
  (dictionaries[area][lang] as Record<string, string>)[key] ?? key;

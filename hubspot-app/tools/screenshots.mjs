// Pictures of the screens and of the tour from an empty account to a synced one, in both languages, for the README: starts the whole
// system with a small world and walks through it.
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { project } from '../preview/lib/bundles.mjs';
import { FAMILY } from '../preview/lib/fonts.mjs';
import { settled, walk } from '../preview/live/tour.mjs';
import { PORTAL, startWorld } from '../preview/live/world.mjs';
import { launch } from './browser.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ user: string, segment: string, broadcast: string }} Furniture */

const folder = path.resolve(project, '../docs/images');
/** @type {('en' | 'ja')[]} */
const LANGUAGES = ['en', 'ja'];

/**
 * Each picture's name, the screen's address and what to do there first.
 *
 * @param {Furniture} made @returns {[string, string, ((page: Page) => Promise<void>)?][]}
 */
const screens = (made) => [
  ['dashboard', 'ext=pages'],
  ['resync', 'ext=pages', (page) => page.getByTestId('resync').click()],
  ['sync-data', 'ext=pages&path=/sync-data'],
  ['friends', 'ext=pages&path=/friends'],
  ['help', 'ext=pages&path=/help'],
  ['friend', `ext=pages&path=/friends/1/${made.user}`],
  ['linkage', 'ext=pages&path=/linkage'],
  ['tags', 'ext=pages&path=/tags'],
  ['segment', `ext=pages&path=/segments/1/${made.segment}`],
  ['broadcast', `ext=pages&path=/broadcasts/1/${made.broadcast}`],
  ['templates', 'ext=pages&path=/templates'],
  ['settings', 'ext=settings'],
  ['card', 'ext=card'],
  ['card-sidebar', 'ext=sidebar'],
];

/** Steps of the tour that are worth a picture. */
const STEPS = ['start', 'install', 'connect', 'connect-refused', 'connected', 'first-sync', 'friend', 'contact'];

const COMPANIES = {
  en: { portal: 2001, account: 'Aoi Books', contacts: 400, friends: 120, linked: 90 },
  ja: { portal: 2002, account: 'あおい書店', contacts: 400, friends: 120, linked: 90 },
};

/** @param {Page} page @param {string} name */
async function picture(page, name) {
  // What was reported is not what the picture is about, and letters may still be on their way.
  await page.evaluate(async () => {
    document.querySelectorAll('.toast').forEach((toast) => toast.remove());
    const loaded = (/** @type {HTMLImageElement} */ image) => image.decode().catch(() => undefined);
    await Promise.all([document.fonts.ready, ...[...document.images].map(loaded)]);
  });
  await page.screenshot({ path: path.join(folder, name) });
  console.log(`docs/images/${name}`);
}

/** @param {string} what @param {() => Promise<unknown>} take */
async function attempt(what, take) {
  try {
    await take();
  } catch (e) {
    console.error(`${what} was left out: ${e instanceof Error ? e.message.split('\n')[0] : e}`);
    process.exitCode = 1;
  }
}

/**
 * A browser window in which pages without a web font of their own show Japanese, too.
 *
 * @param {import('playwright-core').Browser} browser @param {string} base
 */
async function window(browser, base) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    bypassCSP: true,
  });
  const css = await (await fetch(`${base}/fonts/index.css`)).text();
  const faces = css.replaceAll(FAMILY, 'Noto Sans JP').replaceAll('url(./', `url(${base}/fonts/`);
  await context.addInitScript((text) => {
    document.addEventListener('DOMContentLoaded', () => {
      const style = document.createElement('style');
      style.textContent = text;
      document.head.append(style);
    });
  }, faces);
  return context;
}

/**
 * What a company has made after some weeks: tags, a segment, a broadcast, a template.
 *
 * @param {import('../preview/live/world.mjs').World} world @returns {Promise<Furniture>}
 */
async function furnish(world) {
  const post = (/** @type {string} */ route, /** @type {object} */ body) =>
    world.api(route, { method: 'POST', body: { requestId: randomUUID(), ...body } });
  const { items } = await world.api('/friends?slot=1&limit=50');
  /** @type {{ user: string, name: string, follow: string }[]} */
  const friends = items;
  const following = friends.filter(({ follow }) => follow === 'following');
  const users = following.map(({ user }) => user);
  // Somebody whose letters every machine has a font for.
  const shown = following.find(({ name }) => /^[\p{scx=Hira}\p{scx=Kana}\p{scx=Han}A-Za-z ]+$/u.test(name));
  const regulars = (await post('/tags', { slot: 1, name: 'お得意様 Regulars' })).tag.id;
  const guests = (await post('/tags', { slot: 1, name: '試飲会 Tasting' })).tag.id;
  await post('/friends/tags', { slot: 1, users: users.slice(0, 32), add: [regulars], remove: [] });
  await post('/friends/tags', { slot: 1, users: users.slice(20, 44), add: [guests], remove: [] });
  const has = (/** @type {string} */ ref, op = 'has') => ({ any: [{ type: 'tag', op, ref }] });
  const tree = { all: [has(regulars), has(guests, 'has_not')] };
  const segment = (await post('/segments', { slot: 1, name: '試飲会にまだの方 Not yet at a tasting', tree })).id;
  const text = '{{firstname|お客様}}さん、日曜の試飲会にいらっしゃいませんか? ☕️\nhttps://shop.example.com/tasting';
  const message = { bubbles: [{ kind: 'text', text }] };
  const { id: broadcast } = await post('/broadcasts', {
    slot: 1,
    name: '日曜の試飲会 Tasting on Sunday',
    audience: { kind: 'segment', ref: segment },
    ...message,
  });
  await post('/templates', { slot: 1, name: '試飲会 Tasting', ...message });
  return { user: shown?.user ?? '', segment, broadcast };
}

async function main() {
  await mkdir(folder, { recursive: true });
  console.log('starting the system, which takes a minute');
  const world = await startWorld({ contacts: 300, companies: 40, lists: 5, friends: 120, linked: 90 });
  const browser = await launch();
  try {
    const made = await furnish(world);
    for (const lang of LANGUAGES) {
      const context = await window(browser, world.base);
      const page = await context.newPage();
      for (const [name, query, act] of screens(made)) {
        await attempt(name, async () => {
          await page.goto(`${world.base}/?${query}&portalId=${PORTAL}&lang=${lang}&bare=1`);
          await settled(page);
          await act?.(page);
          await picture(page, `hubspot-${name}.${lang}.png`);
        });
      }
      const { account, ...company } = COMPANIES[lang];
      await world.found({ ...company, name: account });
      // Slow enough for a picture of the first sync.
      await world.hubspot('latency', 'PUT', { millis: 400 });
      const at = async (/** @type {string} */ step, /** @type {Page} */ shown) => {
        if (step === 'dashboard') await world.hubspot('latency', 'PUT', { millis: 0 });
        if (STEPS.includes(step)) await picture(shown, `tour-${STEPS.indexOf(step) + 1}-${step}.${lang}.png`);
      };
      await attempt('the tour', () => walk(page, { ...world, ...company, account, lang, at }));
      await world.hubspot('latency', 'PUT', { millis: 0 });
      await context.close();
    }
  } finally {
    await browser.close();
    await world.close();
  }
}

try {
  await main();
} catch (e) {
  console.error(`screenshots: ${e instanceof Error ? e.message : e}`);
  process.exitCode = 1;
}

// Pictures of the screens in both languages, for the README: starts the whole system with a small world and walks through it.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { project } from '../preview/lib/bundles.mjs';
import { PORTAL, startWorld } from '../preview/live/world.mjs';
import { launch } from './browser.mjs';

/** @typedef {import('playwright-core').Page} Page */

const folder = path.resolve(project, '../docs/images');

/** Each picture's name, the screen's address and what to do there first. @type {[string, string, ((page: Page) => Promise<void>)?][]} */
const SCREENS = [
  ['dashboard', 'ext=pages'],
  ['resync', 'ext=pages', (page) => page.locator('.tab-panel .btn.primary').first().click()],
  ['sync-data', 'ext=pages&path=/sync-data'],
  ['friends', 'ext=pages&path=/friends'],
  ['help', 'ext=pages&path=/help'],
  ['settings', 'ext=settings'],
  ['card', 'ext=card'],
  ['card-sidebar', 'ext=sidebar'],
];

/** @param {Page} page @param {string} address */
async function open(page, address) {
  await page.goto(address);
  await page.locator('[data-testid=extension][data-ready=true]').waitFor();
  await page.waitForLoadState('networkidle');
  // A picture of a spinner tells nothing.
  await page.locator('.spinner').first().waitFor({ state: 'detached', timeout: 10_000 });
}

async function main() {
  await mkdir(folder, { recursive: true });
  console.log('starting the system, which takes a minute');
  const world = await startWorld({ contacts: 300, companies: 40, lists: 5, friends: 120, linked: 90 });
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    for (const lang of ['en', 'ja']) {
      for (const [name, query, act] of SCREENS) {
        const file = `hubspot-${name}.${lang}.png`;
        try {
          await open(page, `${world.base}/?${query}&portalId=${PORTAL}&lang=${lang}&bare=1`);
          await act?.(page);
          await page.screenshot({ path: path.join(folder, file) });
          console.log(`docs/images/${file}`);
        } catch (e) {
          console.error(`${file} was left out: ${e instanceof Error ? e.message.split('\n')[0] : e}`);
          process.exitCode = 1;
        }
      }
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

// The shipped bundles in Chromium, on the real functions and both sandboxes.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch } from '../../tools/browser.mjs';
import { signatureV3 } from '../lib/sign.mjs';
import { PORTAL, startWorld, type World } from './world.mjs';

interface Status {
  state: string;
  counters: { friends: number; accounts: number; lists: number; mappings: number; failures: number };
}

describe('the HubSpot screens', () => {
  let world: World;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    world = await startWorld({ contacts: 60, friends: 40, linked: 20 });
    browser = await launch();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  }, 30_000);

  beforeEach(async () => {
    await page?.close();
    page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    errors = [];
    // The sandbox's own pages have no icon, which Chromium calls an error.
    const ours = (url: string) => !url.startsWith(world.sandbox);
    page.on('console', (m) => m.type() === 'error' && ours(m.location().url) && errors.push(m.text()));
    page.on('pageerror', (e) => errors.push(e.message));
    return () => expect(errors).toEqual([]);
  }, 30_000);

  async function open(query: string) {
    await page.goto(`${world.base}/${query}`);
    await page.locator('[data-testid=extension][data-ready=true]').waitFor();
  }

  it('signs so that the real verifier agrees, and only with the app’s secret', async () => {
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
    expect(((await world.api('/status')) as Status).state).toBe('Normal');
  });

  it('show on the dashboard what app-api and the sandboxes count', async () => {
    const { counters } = (await world.api('/status')) as Status;
    expect(counters.friends).toBe(40);
    await open(`?ext=pages&portalId=${PORTAL}`);
    await page.getByRole('heading', { level: 1, name: 'Dashboard' }).waitFor();
    for (const [label, n] of Object.entries({
      'LINE friends': counters.friends,
      'LINE Official Accounts': counters.accounts,
      'HubSpot lists': counters.lists,
    })) {
      expect(await page.getByRole('group', { name: label }).locator('b').textContent(), label).toBe(String(n));
    }
  }, 30_000);

  it('lead to installing where the app is not installed', async () => {
    await page.goto(`${world.base}/?ext=pages&portalId=1002`);
    await page.getByRole('link', { name: 'Install it in the HubSpot sandbox' }).click();
    await page.getByRole('button', { name: 'Install Lumo', exact: true }).waitFor();
  }, 30_000);

  it.each(['en', 'ja'])(
    'all open without an error (%s)',
    async (lang) => {
      for (const screen of [
        'card',
        'sidebar',
        'company',
        'pages',
        'pages&path=/sync-data',
        'pages&path=/friends',
        'settings',
      ]) {
        await open(`?ext=${screen}&portalId=${PORTAL}&lang=${lang}`);
        await page.waitForLoadState('networkidle');
        expect(await page.getByText('This extension crashed').count(), screen).toBe(0);
        expect((await page.locator('[data-testid=extension]').innerText()).trim(), screen).not.toBe('');
        expect(errors, screen).toEqual([]);
      }
    },
    60_000,
  );
});

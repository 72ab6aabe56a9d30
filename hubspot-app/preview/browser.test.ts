import { buildSingleExtension } from '@hubspot/ui-extensions-dev-server/build';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { launch } from '../tools/browser.mjs';
import { buildPage, buildWorker, project } from './lib/bundles.mjs';
import { readConfig } from './lib/config.mjs';
import { createPreview } from './lib/server.mjs';

const servers: http.Server[] = [];
async function listen(server: http.Server) {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the preview in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let base: string;
  let folder: string;
  let errors: string[];

  /** The fixture as a bundle like ours: it finds the SDK where the app has it. */
  async function buildFixture(outputDir: string) {
    const root = path.join(folder, 'fixture');
    await mkdir(root);
    await symlink(path.join(project, 'src/app/node_modules'), path.join(root, 'node_modules'));
    await copyFile(path.join(project, 'preview/fixtures/Everything.tsx'), path.join(root, 'AppPages.tsx'));
    await buildSingleExtension({
      file: path.join(root, 'AppPages.tsx'),
      root,
      outputDir,
      minify: true,
      logLevel: 'warn',
    });
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'preview-'));
    const files = path.join(folder, 'out');
    vi.stubEnv('NODE_ENV', 'production'); // vite builds for development under a test runner
    await Promise.all([buildPage(files), buildWorker(files), buildFixture(path.join(files, 'ext/pages'))]);
    vi.unstubAllEnvs();
    const sandbox = await listen(
      http.createServer((req, res) => {
        const users = [{ id: 1, email: 'a@x.example', firstName: 'Aiko', lastName: 'Tanaka' }];
        res.end(JSON.stringify({ portals: [{ id: 1001, installed: true, options: { name: 'Sakura' }, users }] }));
      }),
    );
    const front = await listen(
      http.createServer((req, res) => {
        res.writeHead(418).end(JSON.stringify({ method: req.method, url: req.url?.split('&')[0] }));
      }),
    );
    const config = readConfig(['--front', front, '--sandbox', sandbox], { HUBSPOT_CLIENT_SECRET: 's' });
    const meta = { config: { name: 'Fixture', permittedUrls: { fetch: ['${API_ORIGIN}'] } } };
    base = await listen(createPreview({ config, meta, variables: { API_ORIGIN: config.origin }, files }));
    browser = await launch();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    servers.forEach((s) => s.close());
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    await page?.close();
    page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    errors = [];
    page.on('console', (m) => m.type() === 'error' && errors.push(m.text()));
    page.on('pageerror', (e) => errors.push(e.message));
    await open('?ext=pages');
    return () => expect(errors).toEqual([]);
  }, 30_000);

  async function open(query: string) {
    await page.goto(base + query);
    await page
      .locator('[data-testid=extension][data-ready=true]')
      .waitFor()
      .catch(async (e) => {
        throw new Error(`the extension did not start: ${errors.join('; ')} ${await page.content()}`, { cause: e });
      });
  }
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const tab = (name: string) => page.getByRole('tab', { name }).click();
  const says = async (id: string, text: string) => page.getByTestId(id).filter({ hasText: text }).waitFor();
  const noted = (text: string) => says('notes', text);

  it('gives the context, and no way out but hubspot.fetch', async () => {
    await says('context', '{"user":"en","portal":1001}');
    await says('doors', 'all closed');
    await button('Fetch').click();
    await says('answer', '418 {"method":"POST","url":"/hello?x=1"}');
    await button('Fetch elsewhere').click();
    await says('answer', '400');
    await says('answer', 'permittedUrls');
  }, 30_000);

  it('types, chooses and submits', async () => {
    await page.getByLabel('Name').fill('愛子');
    await says('echo', 'Hello 愛子');
    await page.getByLabel('Search').fill('x');
    await noted('changed 愛子; search x');
    await page.getByLabel('Number').fill('12');
    await button('More').click();
    await noted('number 12; steps 2');
    expect(await button('More').isDisabled()).toBe(true);
    await page.getByLabel('Day').fill('2026-11-23');
    await page.getByLabel('Select').selectOption({ label: 'Option three' });
    await noted('day 2026 10 23; select three');
    await page.getByRole('button', { name: 'Long' }).click();
    await page.keyboard.type('r 11');
    const found = page.getByRole('listbox', { name: 'Long' }).getByRole('option');
    await expect.poll(() => found.allTextContents()).toEqual(['Number 11']);
    await found.click();
    await noted('long 11');
    await page.getByRole('button', { name: 'Many' }).click();
    await page.getByRole('checkbox', { name: 'Option one' }).check();
    await noted('many two,one');
    await page.keyboard.press('Escape');
    await button('Remove Option two').click();
    await noted('many one');
    await page.getByLabel('Agree').check();
    await page.getByRole('group', { name: 'Group' }).getByLabel('Option two').check();
    await page.getByRole('switch', { name: 'Switch' }).click();
    await noted('agree true; group two; switch true');
    expect(await page.getByRole('switch').getAttribute('aria-checked')).toBe('true');
    await button('Submit').click();
    await noted('"many":["one"]');
    await noted('"name":"愛子"');
    await noted('"time":{"hours":9,"minutes":5}');
    expect(await page.getByLabel('Message').getAttribute('aria-invalid')).toBe('true');
    await button('Reset').click();
    await expect.poll(() => page.getByLabel('Number').inputValue()).toBe('');
  }, 30_000);

  it('opens modals and panels, keeps the keyboard in them and gives it back', async () => {
    await tab('Overlays');
    await button('Open modal').click();
    const modal = page.getByRole('dialog', { name: 'A modal' });
    await modal.waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.tagName);
    const ring = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Tab');
      ring.push(await focused());
    }
    expect(ring).toEqual(['×', 'INPUT', 'Done', '×']);
    await page.keyboard.press('Shift+Tab');
    expect(await focused()).toBe('Done');
    await page.keyboard.press('Escape');
    await modal.waitFor({ state: 'detached' });
    await noted('modal closed');
    expect(await focused()).toBe('Open modal');
    await button('Open modal').click();
    await button('Done').click();
    await modal.waitFor({ state: 'detached' });
    await button('Open panel').click();
    await page.getByText('In the panel').waitFor();
    await button('Leave').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await button('Menu').click();
    await page.keyboard.press('Enter');
    await noted('item');
    await button('Toast').click();
    await page.getByRole('status').filter({ hasText: 'SavedAll of it' }).waitFor();
    await button('Dismiss').click();
    expect(await page.getByRole('status').count()).toBe(0);
    await page.getByRole('link', { name: 'What?' }).hover();
    await page.getByRole('tooltip', { name: 'Explained' }).or(page.getByText('Explained')).first().waitFor();
  }, 30_000);

  it('shows data as tables, numbers and drawings', async () => {
    await tab('Data');
    await button('Next page').click();
    await page.getByRole('cell', { name: 'Row of page 2' }).waitFor();
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click();
    await noted('sort ascending');
    expect(await page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort')).toBe('ascending');
    expect(await page.getByRole('progressbar', { name: 'Progress' }).getAttribute('aria-valuenow')).toBe('25');
    expect(await page.getByRole('group', { name: 'Friends' }).textContent()).toContain('400');
    await page.getByRole('img', { name: 'Bars' }).waitFor();
    await page.getByRole('img', { name: 'Lines' }).waitFor();
    expect(await page.locator('.chart.bar rect').count()).toBe(2);
    await page.getByRole('list').filter({ hasText: 'First' }).getByText('Second').waitFor();
    await tab('Content');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByText('Folded text').waitFor();
    await page.getByRole('alert').filter({ hasText: 'Broken' }).waitFor();
    await page.getByRole('img', { name: 'Warning' }).waitFor();
  }, 30_000);

  it('has pages with addresses, titles, breadcrumbs and a way back', async () => {
    await page.getByRole('heading', { level: 1, name: 'Everything' }).waitFor();
    await page.getByRole('button', { name: 'Act' }).click();
    await noted('primary');
    await page.getByRole('link', { name: 'Item seven' }).click();
    await says('route', '/item/7 {"id":"7","tab":"log"}');
    expect(page.url()).toContain('path=/item/7&p.tab=log');
    await page.getByRole('navigation', { name: 'Breadcrumbs' }).getByText('Item', { exact: true }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Everything' }).waitFor();
    await open('?ext=pages&path=/item/9&lang=ja');
    await says('route', '/item/9 {"id":"9"}');
    await page.getByRole('link', { name: 'Home' }).click();
    await says('context', '"user":"ja"');
  }, 30_000);

  it('says that an extension crashed', async () => {
    await button('Break').click();
    await page
      .getByRole('alert')
      .filter({ hasText: 'This extension crashed' })
      .getByText('Thrown on purpose')
      .first()
      .waitFor();
    expect(errors.splice(0).join()).toContain('Thrown on purpose');
    await page.goto(`${base}?ext=settings`);
    await page.getByRole('heading', { name: 'This extension crashed' }).waitFor();
    expect(errors.splice(0).join()).toContain('SettingsPage.js');
  }, 30_000);
});

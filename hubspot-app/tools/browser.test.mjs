import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { findChromium, launch, MISSING } from './browser.mjs';

const carried = process.platform === 'linux' && process.arch === 'x64';

it('takes the browser of CHROMIUM_BIN, then one in PATH', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'browser-'));
  const [chromium, mine] = ['chromium', 'mine'].map((name) => path.join(folder, name));
  await Promise.all([chromium, mine].map((file) => symlink(process.execPath, file)));
  expect(findChromium({ PATH: `/nowhere:${folder}` })).toBe(chromium);
  expect(findChromium({ PATH: folder, CHROMIUM_BIN: mine })).toBe(mine);
  expect(findChromium({ PATH: folder, CHROMIUM_BIN: `${mine}x` })).toBeUndefined();
  await expect(launch({ PATH: folder, CHROMIUM_BIN: `${mine}x` })).rejects.toThrow('CHROMIUM_BIN cannot be run');
  await rm(folder, { recursive: true });
});

it.runIf(carried)(
  'brings its own where there is none',
  async () => {
    const browser = await launch({ PATH: '/nowhere' });
    const page = await browser.newPage();
    await page.setContent('<h1>Lumo</h1>');
    expect(await page.textContent('h1')).toBe('Lumo');
    await browser.close();
  },
  60_000,
);

it.skipIf(carried)('says what to install where npm carries none', async () => {
  await expect(launch({ PATH: '/nowhere' })).rejects.toThrow(MISSING);
});

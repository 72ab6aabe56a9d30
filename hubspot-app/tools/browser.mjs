// The Chromium that draws the preview for pictures and tests: the machine's own, else the one that npm carries.
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const modules = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../node_modules');

export const MISSING = `no Chromium found: install Chromium or Google Chrome, or set CHROMIUM_BIN to its executable (looked for ${NAMES.join(', ')} in PATH; npm carries one for Linux on x64 only)`;

const runnable = (/** @type {string} */ file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/**
 * The machine's own Chromium.
 *
 * @param {Record<string, string | undefined>} [env]
 * @returns {string | undefined}
 */
export function findChromium(env = process.env) {
  if (env.CHROMIUM_BIN) return runnable(env.CHROMIUM_BIN) ? env.CHROMIUM_BIN : undefined;
  const folders = (env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(runnable);
}

// The package unpacks into the folder for temporary files, once for all versions, and its libraries only where it sees Amazon Linux. Both
// are told to it through the environment, so it runs in a process of its own.
const UNPACK = `import('@sparticuz/chromium').then(({ default: it }) => it.executablePath())`;

/** Where a bare machine finds a font for Latin letters; Japanese ones are web fonts. @param {string} folder */
const fontConfig = (folder) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${path.join(folder, 'fonts')}</dir>
  <cachedir>${path.join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`;

/** @param {string} folder */
async function unpackInto(folder) {
  const env = { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' };
  const child = spawn(process.execPath, ['--input-type=module', '-e', UNPACK], {
    cwd: path.dirname(modules),
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise((done, fail) => child.on('error', fail).on('exit', done));
  if (code !== 0) throw new Error(`Chromium from npm could not be unpacked (${code})`);
}

/**
 * Chromium as npm carries it, with the libraries and the font that a bare machine lacks. It is unpacked once per version.
 *
 * @param {string} [cache]
 */
export async function carriedChromium(cache = path.join(modules, '.cache/chromium')) {
  const { version } = JSON.parse(await readFile(path.join(modules, '@sparticuz/chromium/package.json'), 'utf8'));
  const folder = path.join(cache, version);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    const fresh = await mkdtemp(path.join(cache, 'unpacking-'));
    try {
      await unpackInto(fresh);
      await writeFile(path.join(fresh, 'fonts.conf'), fontConfig(folder));
      // Whoever unpacked at the same time may have been faster.
      await rename(fresh, folder).catch((e) => {
        if (!existsSync(folder)) throw e;
      });
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }
  return {
    executablePath: path.join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: path.join(folder, 'al2023/lib'), FONTCONFIG_FILE: path.join(folder, 'fonts.conf') },
  };
}

/** @param {Record<string, string | undefined>} env */
async function choose(env) {
  const executablePath = findChromium(env);
  if (executablePath) return { executablePath, env: {} };
  if (env.CHROMIUM_BIN) throw new Error(`CHROMIUM_BIN cannot be run: ${env.CHROMIUM_BIN}`);
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(MISSING);
  return carriedChromium();
}

/** @param {Record<string, string | undefined>} [env] */
export async function launch(env = process.env) {
  const chosen = await choose(env);
  return chromium.launch({
    executablePath: chosen.executablePath,
    // The same language on every machine: a bare one's "C" is none that a page may be told.
    env: /** @type {Record<string, string>} */ ({
      ...process.env,
      LANG: 'en_US.UTF-8',
      LANGUAGE: 'en_US',
      LC_ALL: 'en_US.UTF-8',
      ...chosen.env,
    }),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--font-render-hinting=none',
    ],
  });
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../node_modules/@fontsource-variable/noto-sans-jp',
);

/** The family's name in the style sheet at /fonts/index.css. */
export const FAMILY = 'Noto Sans JP Variable';

/**
 * A file of the Japanese web font, so that a machine without one shows Japanese. Browsers fetch only the parts that a page uses.
 *
 * @param {string} pathname below /fonts/
 * @returns {Promise<{ type: string, data: Buffer } | null>}
 */
export async function font(pathname) {
  if (pathname === 'index.css')
    return { type: 'text/css; charset=utf-8', data: await readFile(path.join(folder, pathname)) };
  const name = /^files\/([\w[\]-]+\.woff2)$/.exec(decodeURIComponent(pathname))?.[1];
  if (!name) return null;
  const data = await readFile(path.join(folder, 'files', name)).catch(() => null);
  return data && { type: 'font/woff2', data };
}

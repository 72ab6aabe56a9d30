import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'vite';
import { build as buildExtensions } from '../../tools/build.mjs';

const preview = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const project = path.dirname(preview);

/** @param {string} outDir @param {import('vite').InlineConfig} more */
const own = (outDir, more) =>
  bundle({
    configFile: false,
    root: preview,
    logLevel: 'warn',
    define: { 'process.env.NODE_ENV': '"production"' },
    // The page and the worker share nothing with the app's own dependencies.
    resolve: { dedupe: ['react', 'react-dom'] },
    ...more,
    build: { outDir, emptyOutDir: false, target: 'es2022', ...more.build },
  });

/** @param {string} outDir */
export const buildPage = (outDir) => own(outDir, {});

/** @param {string} outDir */
export const buildWorker = (outDir) =>
  own(outDir, {
    build: {
      lib: {
        entry: path.join(preview, 'src/worker.tsx'),
        formats: ['iife'],
        name: 'worker',
        fileName: () => 'worker.js',
      },
    },
  });

/**
 * The page, the worker and the three extensions; the extensions exactly as they are shipped.
 *
 * @param {{ outDir: string, variables: Record<string, string> }} options
 */
export async function buildAll({ outDir, variables }) {
  await mkdir(outDir, { recursive: true });
  await Promise.all([
    buildPage(outDir),
    buildWorker(outDir),
    buildExtensions({ outputDir: path.join(outDir, 'ext'), variables }),
  ]);
}

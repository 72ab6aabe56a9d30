// Shows the HubSpot screens in a browser: builds them as HubSpot does, serves a page that imitates HubSpot's frames, and answers
// hubspot.fetch by HubSpot's rules. Listens on the loopback interface only.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildAll, project } from './lib/bundles.mjs';
import { readConfig, requireRunning, USAGE } from './lib/config.mjs';
import { createPreview } from './lib/server.mjs';

/** @param {unknown} e @returns {never} */
function fail(e) {
  console.error(`preview: ${e instanceof Error ? e.message : e}`);
  process.exit(1);
}

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(USAGE);
  process.exit(0);
}

try {
  const config = readConfig(process.argv.slice(2), process.env);
  await requireRunning(config);
  const variables = {
    API_ORIGIN: config.origin,
    SUPPORT_EMAIL: 'support@lumo.example',
    SUPPORT_URL: 'https://lumo.example',
  };
  const files = path.join(project, '.build/preview');
  const meta = JSON.parse(await readFile(path.join(project, 'src/app/app-hsmeta.json'), 'utf8'));
  // Who asks while the screens are being built waits; a build that fails ends the preview.
  const built = buildAll({ outDir: files, variables });
  built.catch(fail);
  const server = createPreview({ config, meta, variables, files, built });
  server.on('error', (/** @type {NodeJS.ErrnoException} */ e) => {
    fail(
      e.code === 'EADDRINUSE'
        ? `port ${config.port} is in use: \`make run\` shows the screens there already, or choose another with --port`
        : e,
    );
  });
  server.listen(config.port, '127.0.0.1', () => {
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    console.log(`preview listens on http://127.0.0.1:${address.port}/`);
  });
} catch (e) {
  fail(e);
}

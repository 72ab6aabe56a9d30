// Bundles the three extensions with HubSpot's own builder into .build/{cards,pages,settings}, as HubSpot's service would.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSingleExtension } from '@hubspot/ui-extensions-dev-server/build';

export const EXTENSIONS = [
  { dir: 'cards', entry: 'ContactCard.tsx' },
  { dir: 'pages', entry: 'AppPages.tsx' },
  { dir: 'settings', entry: 'SettingsPage.tsx' },
];

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export async function build({ outputDir = path.join(project, '.build'), variables = {} } = {}) {
  for (const { dir, entry } of EXTENSIONS) {
    const root = path.join(project, 'src/app', dir);
    await buildSingleExtension({
      file: path.join(root, entry),
      root,
      outputDir: path.join(outputDir, dir),
      minify: true,
      logLevel: 'warn',
      codeCheckingPluginEnabled: true,
      appConfig: { variables },
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();

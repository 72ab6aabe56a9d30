import fs from 'node:fs';
import path from 'node:path';
import yaml from 'js-yaml';
import { expect, it } from 'vitest';
import { dictionaries } from '../src/app/packages/screens/src/i18n/index.ts';
import { DOCUMENT } from './types.mjs';

const repository = path.resolve(path.dirname(DOCUMENT), '../..');
const explained = Object.keys(dictionaries.errors.en);
const codesIn = (file, pattern) =>
  [...fs.readFileSync(path.join(repository, file), 'utf8').matchAll(pattern)].map((hit) => hit[1]);

it('explains every code of the API, and says what to do', () => {
  const codes = yaml.load(fs.readFileSync(DOCUMENT, 'utf8')).components.schemas.Code.enum;
  expect(codes.length).toBeGreaterThan(40);
  for (const code of codes) expect(explained).toEqual(expect.arrayContaining([code, `${code}.do`]));
});

it('explains every notice, and every refusal of a contact by HubSpot', () => {
  const codes = [
    ...codesIn('shared/dashboard/dashboard.go', /Code: "([A-Z_]+)"/g),
    ...codesIn('shared/alert/alert.go', /Code = "([A-Z_]+)"/g),
    ...codesIn('shared/syncrun/engine.go', /return "([A-Z_]+)"/g),
    ...codesIn(
      'shared/hubspot/errors.go',
      /fault\.(?:Invalid|NotFound|Exists|Permission|Limited|Migrating), fault\.\w+, "([A-Z_]+)"/g,
    ),
  ].filter((code) => code !== 'HUBSPOT_INSTALL_EXPIRED'); // of an install, which has pages of its own
  expect(codes.length).toBeGreaterThan(20);
  for (const code of codes) expect(explained).toEqual(expect.arrayContaining([code, `${code}.do`]));
});

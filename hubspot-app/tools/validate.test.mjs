import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { validate } from './validate.mjs';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const repository = path.join(project, '..');
let copy;

beforeEach(() => {
  copy = fs.mkdtempSync(path.join(os.tmpdir(), 'lumo-project-'));
  for (const name of ['hsproject.json', 'hsprofile.example.json', 'src']) {
    fs.cpSync(path.join(project, name), path.join(copy, name), {
      recursive: true,
      filter: (file) => !file.includes('node_modules'),
    });
  }
});
afterEach(() => fs.rmSync(copy, { recursive: true }));

const at = (file) => path.join(copy, 'src/app', file);
const edit = (file, change) => {
  const json = JSON.parse(fs.readFileSync(at(file), 'utf8'));
  fs.writeFileSync(at(file), JSON.stringify(change(json) ?? json));
};

it('accepts the project', async () => {
  const { components, faults } = await validate(copy, repository);
  expect(faults).toEqual([]);
  expect(components.map(({ uid }) => uid).sort()).toEqual([
    'lumo_add_line_tag',
    'lumo_app',
    'lumo_company_tab',
    'lumo_contact_sidebar',
    'lumo_contact_tab',
    'lumo_create_line_link',
    'lumo_link_line_friend',
    'lumo_pages',
    'lumo_remove_line_tag',
    'lumo_send_line_message',
    'lumo_settings',
    'lumo_webhooks',
  ]);
});

const APP = 'app-hsmeta.json';
const TAB = 'cards/contact-tab-hsmeta.json';
const SIDEBAR = 'cards/contact-sidebar-hsmeta.json';

it.each([
  ['no JSON', () => fs.writeFileSync(at(TAB), '{'), /contact-tab/],
  ['an unknown location', () => edit(TAB, (m) => void (m.config.location = 'crm.record.top')), /location/],
  ['an unknown key', () => edit(TAB, (m) => void (m.config.colour = 'red')), /colour|additional/i],
  ['a key beside config', () => edit(TAB, (m) => void (m.bogus = 1)), /bogus/],
  ['the same uid twice', () => edit(SIDEBAR, (m) => void (m.uid = 'lumo_contact_tab')), /lumo_contact_tab/],
  ['a uid with a space', () => edit(TAB, (m) => void (m.uid = 'my card')), /uid/i],
  [
    'a second settings component',
    () =>
      fs.writeFileSync(
        at('settings/more-hsmeta.json'),
        JSON.stringify({ uid: 'more', type: 'settings', config: { entrypoint: '/app/settings/SettingsPage.tsx' } }),
      ),
    /settings/i,
  ],
  [
    'a card in the folder of pages',
    () => fs.renameSync(at(TAB), at('pages/contact-tab-hsmeta.json')),
    /pages|location|folder|director/i,
  ],
  [
    'a nested metafile',
    () => fs.renameSync(at(TAB), at('cards/components/contact-tab-hsmeta.json')),
    /skips|contact-tab/,
  ],
  ['an entry point that is not there', () => fs.rmSync(at('cards/ContactCard.tsx')), /ContactCard/],
  [
    'entry points of one name',
    () => {
      fs.copyFileSync(at('cards/ContactCard.tsx'), at('settings/ContactCard.tsx'));
      edit('settings/settings-hsmeta.json', (m) => void (m.config.entrypoint = '/app/settings/ContactCard.tsx'));
    },
    /two entry points/,
  ],
  [
    'a scope that the code does not ask for',
    () => edit(APP, (m) => void m.config.auth.requiredScopes.push('tickets')),
    /RequiredScopes/,
  ],
  [
    'a scope less than the code asks for',
    () => edit(APP, (m) => void m.config.auth.requiredScopes.pop()),
    /RequiredScopes/,
  ],
  [
    'an optional scope of no feature',
    () => edit(APP, (m) => void m.config.auth.optionalScopes.push('files')),
    /OptionalScopes/,
  ],
  [
    'a redirect elsewhere',
    () => edit(APP, (m) => void (m.config.auth.redirectUrls = ['${API_ORIGIN}/callback'])),
    /oauth\/callback/,
  ],
  [
    'a fetch address with a path',
    () => edit(APP, (m) => void (m.config.permittedUrls.fetch = ['${API_ORIGIN}/api'])),
    /fetch/,
  ],
  ['localhost', () => edit(APP, (m) => void (m.config.permittedUrls.fetch = ['http://localhost:3000'])), /fetch/],
  ['a variable of no profile', () => edit(APP, (m) => void (m.config.permittedUrls.fetch = ['${NOWHERE}'])), /NOWHERE/],
  [
    'webhooks to an address without a route',
    () => edit('webhooks/webhooks-hsmeta.json', (m) => void (m.config.settings.targetUrl = '${API_ORIGIN}/hooks')),
    /template.yaml/,
  ],
  ['a logo that is not there', () => fs.rmSync(at('logo.png')), /logo/],
])('refuses %s', async (_, spoil, reason) => {
  spoil();
  const { faults } = await validate(copy, repository);
  expect(faults.join('\n')).toMatch(reason);
});

it('refuses workflow actions that package workflow does not know', async () => {
  edit('workflow-actions/add-tag-hsmeta.json', (json) => {
    json.config.inputFields[1].typeDefinition.name = 'label';
    json.config.executionRules[0].conditions.status = 'never';
    delete json.config.labels.ja.executionRules.failed;
    json.config.actionUrl = '${API_ORIGIN}/elsewhere';
  });
  const said = (await validate(copy, repository)).faults.join('\n');
  for (const text of [
    'no input label',
    'status never',
    'labels.ja.executionRules',
    'no route for POST',
    'calls add-tag',
  ])
    expect(said).toContain(text);
});

it('takes the app events of an approved app together with their scope', async () => {
  fs.cpSync(path.join(repository, 'hubspot-app/app-events'), at('app-events'), { recursive: true });
  expect((await validate(copy, repository)).faults.join('\n')).toMatch(/optionalScopes are .* timeline/);
  edit(APP, (json) => {
    json.config.auth.optionalScopes.push('timeline');
  });
  const { components, faults } = await validate(copy, repository);
  expect(faults).toEqual([]);
  expect(components.filter(({ uid }) => uid.startsWith('lumo_line_'))).toHaveLength(6);
});

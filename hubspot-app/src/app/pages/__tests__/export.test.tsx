import { Alert, Button, Input, LoadingButton } from '@hubspot/ui-extensions';
import { account, failure, fakeServer, friend, refused, run, status } from '@lumo/screens/testing';
import { expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const LINK = { url: 'https://lumo.test/api/download?lang=en#ticket', expiresAt: 0 };
const everything = {
  'GET /status': status(),
  'GET /runs': { items: [run()], next: null },
  'GET /changes': { items: [], next: null },
  'GET /failures': { items: [failure()], next: null },
  'GET /accounts': { items: [account()], next: null },
  'GET /friends': { items: [friend()], next: null },
  'GET /tags': { items: [], next: null },
  'POST /exports': LINK,
};

it.each([
  ['/', 'runs', {}],
  ['/failures', 'failures', {}],
  ['/changes', 'changes', {}],
  ['/friends', 'friends', { slot: '1' }],
] as const)('%s offers its rows as a file', async (path, what, filter) => {
  const server = fakeServer({ ...everything });
  const page = open(path);
  await page.r.waitFor(() => expect(page.findByTestId(LoadingButton, `export-${what}`).props.disabled).toBeFalsy());
  page.findByTestId(LoadingButton, `export-${what}`).trigger('onClick');
  await page.r.waitFor(() => {
    expect(page.findByTestId(Button, `save-${what}`).props.href).toEqual({ url: LINK.url, external: true });
  });
  expect(server.of('POST /exports')[0]?.body).toMatchObject({ what, filter, language: 'en' });
});

it('makes another file for another filter', async () => {
  const server = fakeServer({ ...everything });
  const page = open('/changes', { language: 'ja' });
  await page.r.waitFor(() => page.findByTestId(LoadingButton, 'export-changes'));
  page.findByTestId(LoadingButton, 'export-changes').trigger('onClick');
  await page.r.waitFor(() => page.findByTestId(Button, 'save-changes'));
  page.find(Input, { name: 'field' }).trigger('onInput', 'email' as never);
  await page.r.waitFor(() => page.findByTestId(LoadingButton, 'export-changes'));
  page.findByTestId(LoadingButton, 'export-changes').trigger('onClick');
  await vi.waitFor(() => expect(server.of('POST /exports')).toHaveLength(2));
  expect(server.of('POST /exports')[1]?.body).toMatchObject({ filter: { field: 'email' }, language: 'ja' });
});

it('says why there is no file', async () => {
  fakeServer({ ...everything, 'POST /exports': refused('PERMISSION_DENIED') });
  const page = open('/changes');
  await page.r.waitFor(() => page.findByTestId(LoadingButton, 'export-changes'));
  page.findByTestId(LoadingButton, 'export-changes').trigger('onClick');
  await page.r.waitFor(() => expect(page.findAll(Alert)).toHaveLength(1));
  expect(page.maybeFindByTestId(Button, 'save-changes')).toBeNull();
});

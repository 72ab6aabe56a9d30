import { Button, LoadingButton, Modal } from '@hubspot/ui-extensions';
import type { Inbox } from '@lumo/screens';
import { account, fakeServer, may, NOON, refused, settingsPage, show, textsOf } from '@lumo/screens/testing';
import { expect, it } from 'vitest';
import { SettingsScreen } from '../components/SettingsScreen.tsx';

const inbox = (more: Partial<Inbox> = {}): Inbox => ({
  slot: 1,
  name: 'Test shop',
  state: 'connected',
  code: null,
  inboxId: '4001',
  changedAt: NOON,
  lastInAt: NOON,
  lastOutAt: null,
  ...more,
});

function open(items: Inbox[], page = settingsPage(), language: 'en' | 'ja' = 'en') {
  const server = fakeServer({
    'GET /settings': page,
    'GET /accounts': { items: [account()], next: null },
    'GET /accounts/{slot}/import': { status: 'waiting', available: true, why: null, last: null },
    'GET /accounts/{slot}/quota': { limited: true, quota: 5000, used: 1200, reserved: 0 },
    'GET /inbox': { items, next: null },
    'POST /inbox/{slot}/resume': inbox(),
    'POST /inbox/{slot}/remove': inbox({ state: 'removed' }),
  });
  const r = show('settings', <SettingsScreen />, language, true);
  const texts = () => textsOf(r.getRootNode()).join(' | ');
  const sees = (text: string) =>
    r.waitFor(() => {
      if (!texts().includes(text)) throw new Error(`${text} not in: ${texts()}`);
    });
  return { r, server, sees, texts, alerts: () => r.mocks.actions.addAlert.calls.map(([alert]) => alert.message) };
}

it.each([
  ['en', 'Connect a channel'],
  ['ja', 'チャネルを接続'],
] as const)('says how to connect an account that is not, in %s', async (language, text) => {
  const { sees } = open([], settingsPage(), language);
  await sees(text);
});

it('shows when messages last went each way', async () => {
  const { sees } = open([inbox()]);
  for (const text of ['Connected', 'Last message shown in HubSpot', 'none yet']) await sees(text);
});

it('says why it stopped and goes on', async () => {
  const { r, server, sees, alerts } = open([inbox({ state: 'paused', code: 'INBOX_CHANNEL_GONE' })]);
  await sees('is not in the HubSpot inbox any more');
  r.findByTestId(LoadingButton, 'inbox-resume').trigger('onClick');
  await r.waitFor(() => expect(alerts()).toEqual(['The inbox sync goes on.']));
  expect(server.of('POST /inbox/{slot}/resume')[0]?.path).toEqual(['1']);
});

it('tells why HubSpot cannot go on yet', async () => {
  const { r, server, sees } = open([inbox({ state: 'waiting', lastInAt: null })]);
  server.set({ 'POST /inbox/{slot}/resume': refused('INBOX_CHANNEL_GONE') });
  await sees('Waiting for HubSpot');
  r.findByTestId(LoadingButton, 'inbox-resume').trigger('onClick');
  await sees('Connect it again in the inbox settings');
});

it('removes only the inbox sync, after a question', async () => {
  const { r, server, sees, alerts } = open([inbox()]);
  await sees('Remove inbox sync');
  const modal = r.findByTestId(Button, 'inbox-remove-1').props.overlay!.find(Modal);
  expect(textsOf(modal).join(' ')).toContain('Contacts and everything else go on.');
  server.set({ 'GET /inbox': { items: [inbox({ state: 'removed' })], next: null } });
  modal.find(LoadingButton, { testId: 'inbox-remove-1-confirm' }).trigger('onClick');
  await r.waitFor(() => expect(alerts()).toEqual(['The inbox sync is removed.']));
  expect(server.of('POST /inbox/{slot}/remove')).toHaveLength(1);
  await sees('Removed');
  expect(server.asked.some(({ route }) => route === 'POST /accounts/{slot}/disconnect')).toBe(false);
});

it('lets nobody change it who may not', async () => {
  const { r, sees } = open(
    [inbox({ state: 'paused', code: 'INBOX_PERMISSION' })],
    settingsPage({ may: may({ manage_accounts: false }) }),
  );
  await sees('Go on');
  expect(r.findByTestId(LoadingButton, 'inbox-resume').props.disabled).toBe(true);
  expect(r.findByTestId(Button, 'inbox-remove-1').props.disabled).toBe(true);
});

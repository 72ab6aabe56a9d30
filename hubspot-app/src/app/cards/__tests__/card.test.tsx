import {
  Accordion,
  Button,
  EmptyState,
  ErrorState,
  Image,
  LoadingButton,
  LoadingSpinner,
  Modal,
  MultiSelect,
  Select,
} from '@hubspot/ui-extensions';
import type { Card, Message } from '@lumo/screens';
import {
  change,
  fakeServer,
  field,
  friend,
  may,
  message as sample,
  NOON,
  ORIGIN,
  refused,
  running,
  settingsPage,
  tag,
  textsOf,
  USER,
  type Replies,
  rendererFor,
} from '@lumo/screens/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CardScreen } from '../components/CardScreen.tsx';

const message = (n: number, more: Partial<Message> = {}): Message =>
  sample({ id: `m${n}`, text: `こんにちは ${n} 👋`, at: NOON + n, ...more });
const linked = (more: Partial<Card> = {}): Card => ({
  contactId: '501',
  state: 'linked',
  claim: null,
  friends: [
    friend({
      fields: [field()],
      messages: [message(2, { direction: 'out', status: 'sent', cost: 1, by: 'ann@acme.example' }), message(1)],
    }),
  ],
  accounts: [{ slot: 1, name: 'Test shop', picture: null, state: 'active' }],
  ...more,
});

function open(
  card: Card | Response,
  more: Replies = {},
  { language = 'en', objectTypeId = '0-1', objectId = 501 } = {},
) {
  const server = fakeServer({
    'GET /contacts/{contact}': card,
    'GET /settings': settingsPage(),
    'GET /tags': { items: [tag()], next: null },
    ...more,
  });
  const r = rendererFor('crm.record.tab');
  r.mocks.context.variables = { API_ORIGIN: ORIGIN };
  r.mocks.context.user.language = language;
  r.mocks.context.crm.objectId = objectId;
  r.mocks.context.crm.objectTypeId = objectTypeId;
  r.render(<CardScreen />);
  const sees = (text: string) =>
    r.waitFor(() => {
      const all = textsOf(r.getRootNode()).join(' | ');
      if (!all.includes(text)) throw new Error(`${text} not in: ${all}`);
    });
  return {
    r,
    server,
    sees,
    alerts: () => r.mocks.actions.addAlert.calls.map(([alert]) => `${alert.type}: ${alert.message}`),
  };
}

afterEach(() => void vi.useRealTimers());

describe('the card', () => {
  it('loads, then shows the friend', async () => {
    const { r, server, sees } = open(linked());
    expect(r.find(LoadingSpinner).props.label).toBe('Loading LINE friend');
    for (const text of ['愛子 🌸', 'Following', 'Linked', 'LINE User ID in HubSpot', 'This contact', 'Test shop'])
      await sees(text);
    await sees('こんにちは 1 👋');
    await sees('From HubSpot: newer in HubSpot');
    expect(server.of('GET /contacts/{contact}')[0]?.path).toEqual(['501']);
  });

  it.each([
    ['integration_off', 'Lumo is not connected', 'Reconnect HubSpot'],
    ['no_account', 'No LINE Official Account is connected', 'Open Settings'],
    ['not_linked', 'Not linked to a LINE friend', 'Resync this contact'],
  ] as const)('leads out of the state %s', async (state, title, way) => {
    const { r, sees } = open(linked({ state, friends: [], accounts: [] }));
    await sees(way);
    expect(r.find(EmptyState).props.title).toBe(title);
  });

  it.each([
    ['pending', 'Pending confirmation'],
    ['id_malformed', 'Correct or clear it on this contact.'],
    ['id_not_valid', 'LINE User ID not valid for this account'],
  ] as const)('tells how far a contact without a friend is: %s', async (claim, text) => {
    const { sees } = open(linked({ state: 'not_linked', friends: [], accounts: [], claim }));
    await sees(text);
    await sees('Not linked to a LINE friend');
  });

  it('makes a link for a contact without a friend, with its QR code', async () => {
    const shop = { slot: 1, name: 'Test shop', picture: null, state: 'active' } as const;
    const gone = { ...shop, slot: 2, name: 'Old shop', state: 'disconnected' } as const;
    const { r, server, sees, alerts } = open(
      linked({ state: 'not_linked', friends: [], accounts: [gone, { ...shop, slot: 3 }] }),
      { 'POST /contacts/{contact}/links': refused('NO_LOGIN_CHANNEL') },
    );
    await sees('Create linking link');
    expect(r.maybeFind(Select)).toBeNull();
    await r.waitFor(() => {
      if (r.findByTestId(LoadingButton, 'create-link').props.disabled) throw new Error('not yet');
    });
    r.findByTestId(LoadingButton, 'create-link').trigger('onClick');
    await sees('LINE Login');
    const link = {
      address: 'https://lumo.test/k/abc',
      picture: 'https://lumo.test/k/abc.png',
      hint: 'a•••@example.com',
      contactId: '501',
      endsAt: NOON,
    };
    server.set({ 'POST /contacts/{contact}/links': link });
    r.findByTestId(LoadingButton, 'create-link').trigger('onClick');
    await sees('https://lumo.test/k/abc');
    await sees('a•••@example.com');
    expect(r.find(Image).props.src).toBe('https://lumo.test/k/abc.png');
    r.findByTestId(Button, 'copy-link').trigger('onClick');
    await vi.waitFor(() => expect(alerts()).toEqual(['success: Copied.']));
    expect(r.mocks.actions.copyTextToClipboard.calls[0]?.[0]).toBe('https://lumo.test/k/abc');
    expect(server.of('POST /contacts/{contact}/links').at(-1)).toMatchObject({ path: ['501'], body: { slot: 3 } });
  });

  it('says that the friend blocked the account', async () => {
    await open(linked({ state: 'blocked', friends: [friend({ follow: 'blocked' })] })).sees(
      'This friend blocked the account',
    );
  });

  it('names the other contact of a conflict', async () => {
    const link = {
      state: 'conflict',
      contactId: '501',
      claimantId: '502',
      method: null,
      at: null,
      actor: null,
    } as const;
    const { sees } = open(linked({ state: 'conflict', friends: [friend({ link })] }));
    await sees('Two contacts claim this LINE friend');
    await sees('Open contact 502');
  });

  it('says when the user may not see it, and tries again', async () => {
    const { r, server, sees } = open(refused('PERMISSION_DENIED'));
    await sees('You may not do this.');
    expect(r.find(ErrorState).props.type).toBe('lock');
    server.set({ 'GET /contacts/{contact}': linked() });
    r.find(ErrorState).find(Button).trigger('onClick');
    await sees('愛子 🌸');
  });

  it('stays when it cannot be brought up to date', async () => {
    vi.useFakeTimers();
    // A card of a test before may still ask, on the clock of this one, so this contact has a number of its own.
    const { r, server } = open(linked(), {}, { objectId: 502 });
    await vi.advanceTimersByTimeAsync(100);
    server.set({ 'GET /contacts/{contact}': refused('INTERNAL') });
    await vi.advanceTimersByTimeAsync(10_100);
    const all = textsOf(r.getRootNode()).join(' | ');
    expect(all).toContain('What you see may be old.');
    expect(all).toContain('愛子 🌸');
    expect(server.of('GET /contacts/{contact}').filter(({ path }) => path[0] === '502')).toHaveLength(2);
  });

  it('switches between accounts', async () => {
    const { r, sees } = open(
      linked({
        friends: [friend(), friend({ slot: 2, name: 'Aiko at work' })],
        accounts: [
          { slot: 1, name: 'Test shop', picture: null, state: 'active' },
          { slot: 2, name: 'Old shop', picture: null, state: 'disconnected' },
        ],
      }),
    );
    await sees('愛子 🌸');
    expect(r.find(Select).props.options.map(({ label }) => label)).toEqual(['Test shop', 'Old shop (disconnected)']);
    r.find(Select).trigger('onChange', 2 as never);
    await sees('Aiko at work');
  });

  it('is in Japanese', async () => {
    const { sees } = open(linked(), {}, { language: 'ja' });
    await sees('友だちへのLINEメッセージ');
    await sees('このコンタクトを再同期');
  });

  it('says where group chats are on a company without one', async () => {
    const company = { companyId: '501', state: 'groups_off', accounts: [], groups: [] } as const;
    const { sees } = open(
      linked(),
      { 'GET /companies/{company}': { ...company, accounts: [], groups: [] } },
      { objectTypeId: '0-2' },
    );
    await sees('LINE group chats are not shown as companies.');
  });
});

describe('what the card shows and does', () => {
  it('shows a few messages, or all, and names those without a text', async () => {
    const messages = [
      message(9, { type: 'image', text: '' }),
      message(8, { unsent: true, text: '' }),
      message(7, { type: 'hologram', text: '' }),
      ...[6, 5, 4, 3].map((n) => message(n)),
    ];
    const { r, sees } = open(linked({ friends: [friend({ messages })] }));
    for (const text of ['Picture', 'The friend unsent this message.', 'Message of another kind']) await sees(text);
    expect(textsOf(r.getRootNode()).join()).not.toContain('こんにちは 3');
    r.findByTestId(Button, 'all-messages').trigger('onClick');
    await sees('こんにちは 3');
  });

  it('says that there are no messages, tags and fields', async () => {
    const { sees } = open(linked({ friends: [friend()] }));
    for (const text of ['No messages yet.', 'No tags', 'No fields are synced']) await sees(text);
  });

  it('edits tags', async () => {
    const page = open(linked(), { 'POST /friends/tags': { changed: 1, unchanged: 0, missing: [], full: [] } });
    await page.sees('Edit tags');
    page.r.findByTestId(Button, 'edit-tags').trigger('onClick');
    await page.r.waitFor(() => expect(page.r.find(MultiSelect).props.options).toHaveLength(1));
    page.r.find(MultiSelect).trigger('onChange', ['new'] as never);
    page.r.findByTestId(LoadingButton, 'save-tags').trigger('onClick');
    await vi.waitFor(() =>
      expect(page.alerts()).toEqual(['success: Tags saved. HubSpot learns of them within seconds.']),
    );
    expect(page.server.of('POST /friends/tags')[0]?.body).toMatchObject({ slot: 1, add: ['new'] });
  });

  it('asks for the sync log when it is opened', async () => {
    const page = open(linked(), { 'GET /changes': { items: [change()], next: 'more' } });
    await page.sees('Sync log');
    expect(page.server.of('GET /changes')).toHaveLength(0);
    page.r.find(Accordion, { title: 'Sync log' }).trigger('onClick');
    await page.sees('First name: Aiko → 愛子 🌸');
    await page.sees('HubSpot won, newer in HubSpot');
    await page.sees('Older');
  });

  it.each([
    [{ started: true, run: running() }, 'success: Resync started'],
    [{ started: false, reason: 'RUNNING', run: running() }, 'info: A sync is running already'],
    [{ started: false, reason: 'COOLDOWN', run: null }, 'info: This was synced less than a minute ago'],
  ] as const)('resyncs this contact %#', async (answer, alert) => {
    const page = open(linked(), { 'POST /sync': answer });
    await page.sees('Resync this contact');
    page.r.findByTestId(LoadingButton, 'resync-contact').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts().join()).toContain(alert));
    expect(page.server.of('POST /sync')[0]?.body).toMatchObject({ extent: 'contact', contact: '501' });
  });

  it('unlinks after a question', async () => {
    const page = open(linked(), { 'POST /friends/{slot}/{user}/unlink': refused('CHANGED_MEANWHILE') });
    await page.sees('Unlink this LINE friend from the contact?');
    const confirm = () =>
      page.r.findByTestId(Button, 'unlink').props.overlay!.find(Modal).find(LoadingButton).trigger('onClick');
    expect(page.server.of('POST /friends/{slot}/{user}/unlink')).toHaveLength(0);
    confirm();
    await page.sees('Somebody else changed the same thing.');
    page.server.set({ 'POST /friends/{slot}/{user}/unlink': { queued: true } });
    confirm();
    await vi.waitFor(() => expect(page.alerts().join()).toContain('success: Unlinked.'));
    expect(page.server.of('POST /friends/{slot}/{user}/unlink')[1]).toMatchObject({
      path: ['1', USER],
      body: { contact: '501' },
    });
  });

  it('says why it could not resync', async () => {
    const page = open(linked(), { 'POST /sync': refused('NOT_CONNECTED') });
    await page.sees('Resync this contact');
    page.r.findByTestId(LoadingButton, 'resync-contact').trigger('onClick');
    await page.sees('HubSpot is not connected.');
  });

  it('offers only what the user may do', async () => {
    const { r } = open(linked(), { 'GET /settings': settingsPage({ may: may({ sync: false, edit_friends: false }) }) });
    await r.waitFor(() => {
      expect(r.findByTestId(LoadingButton, 'resync-contact').props.disabled).toBe(true);
      expect(r.findByTestId(Button, 'edit-tags').props.disabled).toBe(true);
      expect(r.findByTestId(Button, 'edit-fields').props.disabled).toBe(true);
    });
  });
});

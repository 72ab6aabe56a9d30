import { Button, LoadingButton, Modal } from '@hubspot/ui-extensions';
import type { Failure, LinkEntry } from '@lumo/screens';
import {
  account,
  failure,
  fakeServer,
  friend,
  linkForm,
  linking,
  NOON,
  refused,
  settingsPage,
  status,
  USER,
  type Replies,
} from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const LONG = '長い名前'.repeat(40);
const link = {
  state: 'conflict',
  contactId: '501',
  claimantId: '502',
  method: 'manual',
  at: NOON,
  actor: null,
} as const;
const conflict = failure({ id: 'link-1', kind: 'link', code: 'LINK_CONFLICT', contactId: null });

const entry = (more: Partial<LinkEntry> = {}): LinkEntry => ({
  contactId: '501',
  method: 'email_link',
  proof: 'link:ab12…',
  actor: 'person',
  at: NOON,
  until: null,
  why: null,
  endedBy: null,
  ...more,
});

/** As the server does: only what has one of the codes that are asked for. */
const failing =
  (items: Failure[], next: string | null = null): Replies['GET /failures'] =>
  ({ query }) => ({
    items: items.filter(
      ({ code }) => query.kind === 'link' && query.slot === '1' && query.codes?.split(',').includes(code),
    ),
    next,
  });

const serve = (more: Replies = {}) =>
  fakeServer({
    'GET /accounts': { items: [account()], next: null },
    'GET /accounts/{slot}/linking': linking(),
    'GET /linking-form': linkForm(),
    'GET /properties': { items: [], next: null },
    'GET /lists': { items: [], next: null },
    'GET /failures': failing([conflict, failure()]),
    'GET /friends/{slot}/{user}': friend({ name: LONG, link }),
    'GET /friends/{slot}/{user}/links': { items: [entry()], next: null },
    'GET /changes': { items: [], next: null },
    'GET /status': status(),
    'POST /friends/{slot}/{user}/links': { decided: true },
    ...more,
  });

type Page = ReturnType<typeof open>;

async function answer(page: Page, id: string) {
  await page.r.waitFor(() => page.findByTestId(Button, id));
  const modal = () => page.findByTestId(Button, id).props.overlay!.find(Modal);
  modal().trigger('onOpen');
  modal().find(LoadingButton).trigger('onClick');
}

describe('conflicts on Linkage', () => {
  it('names both sides, and nothing of other kinds', async () => {
    serve();
    const page = open('/linkage');
    await page.sees(/Contact 501 \| Contact 502 \|/);
    await page.sees(LONG);
    expect(page.texts()).not.toContain('HUBSPOT_INVALID_OPTION');
  });

  it.each([
    ['move', 'The link is moved within seconds.'],
    ['keep', 'The link stays.'],
  ])('%s asks, then decides for the claimant', async (choice, text) => {
    const server = serve();
    const page = open('/linkage');
    await answer(page, `${choice}-${USER}`);
    await vi.waitFor(() => expect(page.alerts()[0]).toContain(text));
    expect(server.of('POST /friends/{slot}/{user}/links')[0]).toMatchObject({
      path: ['1', USER],
      body: { choice, contact: '502' },
    });
  });

  it('Merge says what happens and leads to the contact in HubSpot, and decides nothing', async () => {
    const server = serve();
    const page = open('/linkage');
    await page.r.waitFor(() => page.findByTestId(Button, `merge-${USER}`));
    const modal = page.findByTestId(Button, `merge-${USER}`).props.overlay!.find(Modal);
    expect(modal.props.title).toBe('Merge contacts 501 and 502?');
    expect(modal.find(Button).props.href).toMatchObject({
      url: expect.stringMatching(/record\/0-1\/501$/) as string,
    });
    expect(server.of('POST /friends/{slot}/{user}/links')).toEqual([]);
  });

  it('offers only Move where the place of a contact is taken by another friend', async () => {
    const free = { state: 'unlinked', contactId: null, claimantId: null, method: null, at: null, actor: null } as const;
    const server = serve({
      'GET /failures': failing([{ ...conflict, contactId: '777' }]),
      'GET /friends/{slot}/{user}': friend({ link: free }),
    });
    const page = open('/linkage');
    await page.sees('Contact 777, linked to another friend');
    expect(page.findAll(Button).some(({ props }) => props.testId === `keep-${USER}`)).toBe(false);
    await answer(page, `move-${USER}`);
    await vi.waitFor(() =>
      expect(server.of('POST /friends/{slot}/{user}/links')[0]?.body).toMatchObject({ choice: 'move', contact: '777' }),
    );
  });

  it('keeps the question open and says why when it is refused', async () => {
    serve({ 'POST /friends/{slot}/{user}/links': refused('PERMISSION_DENIED') });
    const page = open('/linkage');
    await answer(page, `move-${USER}`);
    await vi.waitFor(() => expect(page.texts()).toMatch(/may not|permission|not allowed/i));
    expect(page.alerts()).toEqual([]);
  });

  it('offers no decision to those who may not change friends', async () => {
    serve({ 'GET /settings': settingsPage({ may: { ...settingsPage().may, edit_friends: false } }) });
    const page = open('/linkage');
    await page.sees('Contact 502');
    for (const choice of ['move', 'keep'])
      expect(page.findByTestId(Button, `${choice}-${USER}`).props.disabled).toBe(true);
  });

  it('says when there are none, and when only other pages may have some', async () => {
    serve({ 'GET /failures': failing([]) });
    await open('/linkage').sees('No conflicts');
    serve({ 'GET /failures': failing([failure()], 'more') });
    await open('/linkage').sees('the next pages may have some');
    serve({ 'GET /failures': failing([]) });
    await open('/linkage', { language: 'ja' }).sees('競合はありません');
  });
});

describe('links on the page of a friend', () => {
  const show = () => open(`/friends/1/${USER}`, { params: { slot: '1', user: USER } });
  const moved = entry({ contactId: '500', until: NOON, why: 'moved', endedBy: 'user:77' });

  it('tells method, proof, actor and time, and takes the newest move back', async () => {
    const server = serve({ 'GET /friends/{slot}/{user}/links': { items: [entry(), moved], next: null } });
    const page = show();
    await page.sees(
      /Contact 501 \| Link in an e-mail or page \| link:ab12… \| The person themselves \| .*Still linked/,
    );
    await page.sees(/Moved \| .*HubSpot user 77/);
    await answer(page, 'undo-move');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: The link is brought back within seconds.']));
    expect(server.of('POST /friends/{slot}/{user}/links')[0]?.body).toMatchObject({ choice: 'undo' });
  });

  it('offers no undo where the last end was no move', async () => {
    const ended = entry({ until: NOON, why: 'unlinked' });
    serve({ 'GET /friends/{slot}/{user}/links': { items: [ended, moved], next: null } });
    const page = show();
    await page.sees('Unlinked');
    expect(page.findAll(Button).some(({ props }) => props.testId === 'undo-move')).toBe(false);
  });
});

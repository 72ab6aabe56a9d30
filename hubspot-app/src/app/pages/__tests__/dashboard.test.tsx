import {
  Alert,
  BarChart,
  Button,
  Checkbox,
  Input,
  LoadingButton,
  LoadingSpinner,
  Modal,
  ProgressBar,
  StatisticsItem,
  StatusTag,
  Table,
  ToggleGroup,
} from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import type { Status } from '@lumo/screens';
import { fakeServer, NOON, refused, run, running, status, type Replies } from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { formatIn } from '@lumo/screens';
import { callRows, contactRows, runsByStart } from '../components/dashboard/RunChart.tsx';
import { pauseAfter } from '../hooks/useStatus.ts';
import { open } from './open.tsx';

const serve = (answer: Status, more: Replies = {}) =>
  fakeServer({ 'GET /status': answer, 'GET /runs': { items: [run()], next: null }, ...more });

describe('the Dashboard', () => {
  it('says what it loads, then shows the numbers', async () => {
    serve(status());
    const page = open();
    expect(page.find(LoadingSpinner).props.label).toBe('Loading the sync status');
    await page.sees('The latest data is synced.');
    expect(page.findAll(StatisticsItem).map(({ props }) => `${props.label}: ${props.number}`)).toEqual([
      'LINE friends: 10,000',
      'LINE Official Accounts: 1',
      'HubSpot lists: 7',
      'Synced properties: 4',
      'Failed items: 0',
    ]);
    await page.sees('Sync complete');
  });

  it.each([
    ['a run is under way', { run: running() }, 3_000],
    ['a run is about to begin', { runDue: true }, 5_000],
    ['HubSpot is being set up', { connection: 'pending' }, 5_000],
    ['nothing is to come', {}, 30_000],
  ] as const)('pauses by what is to come: %s', (_, more, pause) => {
    expect(pauseAfter(status(more))).toBe(pause);
  });

  it.each([
    ['Normal', {}, 'Normal', 'The latest data is synced.'],
    ['Normal', { lastRun: null }, 'Normal', 'Nothing has been synced yet.'],
    ['Normal', { lastRun: null, runDue: true }, 'Normal', 'The next sync begins within a minute.'],
    ['Syncing', { run: running() }, 'Syncing', 'A sync is in progress.'],
    [
      'Applying',
      { run: running({ status: 'applying', percent: 99, secondsLeft: null }) },
      'Applying',
      'The results are being applied.',
    ],
    [
      'Failed',
      { lastRun: run({ status: 'failed', error: { code: 'TIMED_OUT', message: '' } }) },
      'Failed',
      'took longer than two hours',
    ],
  ] as const)('shows the state %s', async (state, more, tag, text) => {
    serve(status({ state, ...more }));
    const page = open();
    await page.sees(text);
    expect(page.find(StatusTag).text).toBe(tag);
  });

  it('shows progress, percent and time left', async () => {
    serve(status({ state: 'Syncing', run: running({ pending: 3 }) }));
    const page = open();
    await page.sees('About 1 min 35 sec left');
    expect(page.find(ProgressBar).props).toMatchObject({
      value: 39,
      showPercentage: true,
      valueDescription: '400 of about 1,000 contacts read',
    });
    await page.sees('3 contacts still to be written to HubSpot');
    expect(page.find(PageLink, { to: '/help/slow' }).text).toBe('Sync is slow?');
  });

  it('shows what was read while nobody can tell the percent', async () => {
    serve(status({ state: 'Syncing', run: running({ percent: null, expected: 0, secondsLeft: null }) }));
    const page = open();
    await page.sees('400 contacts read so far');
    expect(page.maybeFind(ProgressBar)).toBeNull();
  });

  it('says when items failed, and leads to them', async () => {
    serve(status({ counters: { friends: 5, accounts: 1, mappings: 2, lists: 0, failures: 1 } }));
    const page = open();
    await page.sees('1 item failed');
    expect(page.find(PageLink, { to: '/failures' }).text).toBe('Show failed items');
    expect(page.find(PageLink, { to: '/help/errorsContinue' }).text).toBe('Errors continue?');
  });

  it('explains a failure to load, and tries again', async () => {
    const server = serve(status(), { 'GET /status': refused('UNKNOWN_PORTAL') });
    const page = open();
    await page.sees('Lumo is not installed in this HubSpot account.');
    server.set({ 'GET /status': status() });
    page.find(Button).trigger('onClick');
    await page.sees('The latest data is synced.');
  });

  it('is the same in Japanese', async () => {
    serve(status({ state: 'Syncing', run: running() }));
    const page = open('/', { language: 'ja' });
    await page.sees('同期を実行しています。');
    expect(page.texts()).not.toMatch(/Loading|Sync |Failed|contacts/);
  });
});

describe('banners', () => {
  const notice = (code: string) => ({ code, message: code, slot: null, since: NOON });

  it.each([
    ['RECONNECT_HUBSPOT', 'danger', 'Reconnect HubSpot', 'https://lumo.test/oauth/install?portal=123'],
    ['DISCONNECTED', 'danger', 'Reconnect HubSpot', 'https://lumo.test/oauth/install?portal=123'],
    ['PERMISSION_NEEDED', 'danger', 'Reconnect HubSpot', 'https://lumo.test/oauth/install?portal=123'],
    ['CONNECT_LINE', 'info', 'Open Settings', 'https://app.hubspot.com/integrations-settings/123/installed'],
  ])('%s shows its way out', async (code, variant, label, href) => {
    serve(status({ banner: notice(code) }));
    const page = open();
    await page.r.waitFor(() => expect(page.find(Alert).props.variant).toBe(variant));
    const button = page.find(Alert).find(Button);
    expect(button.text).toBe(label);
    expect(button.props.href).toEqual(label === 'Open Settings' ? href : { url: href, external: true });
  });

  it('shows every alert that stands with what to do', async () => {
    serve(status({ alerts: ['RUNS_FAIL', 'ITEMS_FAIL', 'NOT_NORMAL', 'LINE_CHECK_FAILED'].map(notice) }));
    const page = open();
    await page.r.waitFor(() => expect(page.findAll(Alert)).toHaveLength(4));
    await page.sees('Open the failed items for the reasons.');
  });

  it('runs the preview, and opens it', async () => {
    const server = serve(status({ banner: notice('PREVIEW_NEEDED') }), {
      'POST /sync': { started: true, run: running({ id: 'dry-1', dryRun: true }) },
    });
    const page = open();
    await page.sees('More than 1,000 contacts would change in HubSpot for the first time.');
    page.findByTestId(LoadingButton, 'run-preview').trigger('onClick');
    await vi.waitFor(() => expect(page.went()).toEqual(['/runs/dry-1']));
    expect(server.of('POST /sync')[0]?.body).toMatchObject({ extent: 'contacts', dryRun: true });
  });

  it('leads to the preview that is there', async () => {
    serve(status({ banner: notice('PREVIEW_NEEDED'), lastRun: run({ id: 'dry-2', dryRun: true }) }));
    const page = open();
    await page.sees('Look at the preview');
    page.find(Alert).find(Button).trigger('onClick');
    expect(page.went()).toEqual(['/runs/dry-2']);
  });
});

describe('"Resync Data"', () => {
  const modalOf = (page: ReturnType<typeof open>) => page.findByTestId(Button, 'resync').props.overlay!.find(Modal);

  it('starts what was chosen', async () => {
    const server = serve(status(), { 'POST /sync': { started: true, run: running() } });
    const page = open();
    await page.sees('Resync Data');
    modalOf(page)
      .find(ToggleGroup)
      .trigger('onChange', 'contact' as never);
    await page.r.waitFor(() => expect(modalOf(page).find(LoadingButton).props.disabled).toBe(true));
    modalOf(page)
      .find(Input)
      .trigger('onInput', 'x1' as never);
    await page.r.waitFor(() => expect(modalOf(page).find(Input).props.error).toBe(true));
    modalOf(page)
      .find(Input)
      .trigger('onInput', ' 501 ' as never);
    await page.r.waitFor(() => expect(modalOf(page).find(LoadingButton).props.disabled).toBe(false));
    modalOf(page).find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: The sync was started.']));
    expect(server.of('POST /sync')[0]?.body).toMatchObject({ extent: 'contact', contact: '501', dryRun: false });
    expect(page.mocks.actions.closeOverlay.calls).toEqual([['resync']]);
    await vi.waitFor(() => expect(server.of('GET /status').length).toBeGreaterThan(1));
  });

  it('opens a dry run', async () => {
    const server = serve(status(), { 'POST /sync': { started: true, run: running({ id: 'dry', dryRun: true }) } });
    const page = open();
    await page.sees('Resync Data');
    modalOf(page)
      .find(Checkbox)
      .trigger('onChange', true as never);
    await page.sees('Start preview');
    modalOf(page).find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.went()).toEqual(['/runs/dry']));
    expect(server.of('POST /sync')[0]?.body).toMatchObject({ extent: 'all', dryRun: true });
  });

  it.each([
    ['RUNNING', 'A sync is running already.'],
    ['COOLDOWN', 'less than a minute ago'],
  ] as const)('says why nothing started: %s', async (reason, text) => {
    serve(status(), { 'POST /sync': { started: false, reason, run: running() } });
    const page = open();
    await page.sees('Resync Data');
    modalOf(page).find(LoadingButton).trigger('onClick');
    await page.sees(text);
    expect(page.mocks.actions.closeOverlay.called).toBe(false);
  });

  it('says that one is running before anybody presses', async () => {
    serve(status({ state: 'Syncing', run: running() }));
    const page = open();
    await page.sees('A sync is running already.');
  });

  it('explains a refusal', async () => {
    serve(status(), { 'POST /sync': refused('NOT_CONNECTED') });
    const page = open();
    await page.sees('Resync Data');
    modalOf(page).find(LoadingButton).trigger('onClick');
    await page.sees('HubSpot is not connected.');
  });
});

describe('the history', () => {
  it('shows each kind of run by its words', async () => {
    serve(status(), {
      'GET /runs': {
        items: [
          run({ id: '1', trigger: 'manual', status: 'syncing', endedAt: null }),
          run({ id: '2', status: 'complete_with_errors', failed: 3 }),
          run({ id: '3', trigger: 'manual', status: 'failed', error: { code: 'RECONNECT_HUBSPOT', message: '' } }),
          run({ id: '4', dryRun: true }),
        ],
        next: null,
      },
    });
    const page = open();
    await page.sees('Resync failed');
    expect(
      page
        .find(Table)
        .findAll(StatusTag)
        .map(({ text }) => text),
    ).toEqual(['Resyncing', 'Complete with errors', 'Resync failed', 'Preview complete']);
    await page.sees('3 items failed');
    await page.sees('HubSpot no longer accepts Lumo’s authorization.');
    expect(page.find(PageLink, { to: '/runs/2' }).text).toContain('Nov 30, 2026');
  });

  it('asks page by page', async () => {
    const server = serve(status(), {
      'GET /runs': ({ query }) => ({
        items: [run({ id: query.cursor ?? 'new' })],
        next: query.cursor ? null : 'older',
      }),
    });
    const page = open();
    await page.r.waitFor(() => expect(page.find(Table).props).toMatchObject({ pageCount: 2, page: 1 }));
    page.find(Table).trigger('onPageChange' as never, 2 as never);
    await page.r.waitFor(() => expect(page.find(PageLink, { to: '/runs/older' })).toBeDefined());
    expect(server.of('GET /runs').at(-1)?.query).toEqual({ limit: '10', cursor: 'older' });
  });

  it('says how to begin while it is empty', async () => {
    serve(status({ lastRun: null, counters: { friends: 0, accounts: 0, mappings: 2, lists: 0, failures: 0 } }), {
      'GET /runs': { items: [], next: null },
    });
    const page = open();
    await page.sees('No sync yet');
    await page.sees('1. Connect a LINE Official Account');
    await page.sees('4. Add the card to your contact record');
    expect(page.find(PageLink, { to: '/help/notSynced' }).text).toBe('Contacts are not synced?');
  });
});

describe('the charts', () => {
  it('compare the last runs, and what they took of HubSpot’s API', async () => {
    serve(status(), {
      'GET /runs': {
        items: [run({ id: '2', startedAt: NOON + 900_000, failed: 2, apiCalls: 250 }), run({ apiCalls: null })],
        next: null,
      },
    });
    const page = open();
    await page.r.waitFor(() => expect(page.findAll(BarChart)).toHaveLength(2));
    const [contacts, calls] = page.findAll(BarChart);
    expect(contacts?.props.options?.title).toBe('Contacts per sync');
    expect(contacts?.props.data).toHaveLength(4);
    expect(calls?.props.options?.title).toBe('HubSpot API calls per sync');
    expect((calls?.props.data as { count: number }[]).map(({ count }) => count)).toEqual([0, 250]);
  });

  it('are left out while there is one run only', async () => {
    serve(status(), { 'GET /runs': { items: [run()], next: null } });
    const page = open();
    await page.sees('History');
    expect(page.findAll(BarChart)).toHaveLength(0);
  });

  it('keep runs of one minute apart, and leave out previews and what still runs', () => {
    const runs = [run(), run({ apiCalls: 3 }), run({ dryRun: true }), run({ status: 'syncing' })];
    const shown = runsByStart(runs, formatIn('en', 'UTC'));
    expect(contactRows(shown, { contacts: 'C', failed: 'F' }).map(({ when, kind }) => `${when} ${kind}`)).toEqual([
      'Nov 30, 12:00 AM C',
      'Nov 30, 12:00 AM F',
      'Nov 30, 12:00 AM (2) C',
      'Nov 30, 12:00 AM (2) F',
    ]);
    expect(callRows(shown).map(({ count }) => count)).toEqual([3, 17]);
  });
});

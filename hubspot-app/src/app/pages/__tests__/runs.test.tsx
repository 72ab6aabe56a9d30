import {
  Alert,
  BarChart,
  Button,
  EmptyState,
  Heading,
  Input,
  LoadingButton,
  Modal,
  ProgressBar,
  StatisticsItem,
  Table,
  TableCell,
  TableRow,
} from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import type { RunDetail } from '@lumo/screens';
import { change, detail, failure, fakeServer, NOON, refused, run, status, type Replies } from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { toCsv, toTable } from '../utils/csv.ts';
import { open } from './open.tsx';

const serve = (answer: RunDetail, more: Replies = {}) =>
  fakeServer({
    'GET /status': status(),
    'GET /runs/{run}': answer,
    'GET /changes': { items: [], next: null },
    ...more,
  });
const held = status({ banner: { code: 'PREVIEW_NEEDED', message: '', slot: null, since: NOON } });

describe('a run', () => {
  it('shows who started it, what it counted and how long it took', async () => {
    const server = serve(detail({ trigger: 'manual', actor: 'ann@example.com', full: true }));
    const page = open('/runs/run-1');
    await page.sees('By hand (ann@example.com)');
    expect(server.of('GET /runs/{run}')[0]?.path).toEqual(['run-1']);
    await page.sees('Everything · everybody');
    await page.sees('1 min 5 sec');
    expect(page.findAll(StatisticsItem).map(({ props }) => `${props.label} ${props.number}`)).toEqual([
      'Read 1,200',
      'Matched 900',
      'Linked 5',
      'Updated 40',
      'Unchanged 855',
      'To be written to HubSpot 12',
      'Conflicts 1',
      'ID not valid 2',
      'Failed 3',
    ]);
    await page.sees('No changes');
  });

  it('shows progress while it runs', async () => {
    serve(detail({ status: 'syncing', percent: 12, endedAt: null, durationMs: null, apiCalls: null }));
    const page = open('/runs/run-1');
    await page.r.waitFor(() => expect(page.find(ProgressBar).props.value).toBe(12));
  });

  it('explains why it failed', async () => {
    serve(detail({ status: 'failed', error: { code: 'HUBSPOT_LIMITED', message: 'TEN_SECONDLY_ROLLING' } }));
    const page = open('/runs/run-1');
    await page.r.waitFor(() => expect(page.find(Alert).props.title).toBe('HubSpot’s limit of requests is used up.'));
    await page.sees('TEN_SECONDLY_ROLLING');
    expect(page.find(Alert).find(PageLink).props.to).toBe('/help/slow');
  });

  it('shows a message of a code that nobody knows', async () => {
    serve(detail({ status: 'failed', error: { code: 'BRAND_NEW', message: 'Something new happened.' } }));
    const page = open('/runs/run-1');
    await page.r.waitFor(() => expect(page.find(Alert).props.title).toBe('Something new happened.'));
  });

  it('says when it does not exist', async () => {
    serve(detail(), { 'GET /runs/{run}': refused('NOT_FOUND') });
    const page = open('/runs/gone', { language: 'ja' });
    await page.sees('すでに存在しません。');
    expect(page.find(PageLink, { to: '/' }).text).toBe('ダッシュボードに戻る');
  });
});

describe('a dry run', () => {
  const dry = (more: Partial<RunDetail> = {}) =>
    detail({
      dryRun: true,
      fields: [{ field: 'firstname', hubspot: 1500, lumo: 2 }],
      samples: [change({ to: 'hubspot', winner: 'lumo', reason: 'newer_in_lumo' })],
      ...more,
    });

  it('shows the changes by field, and samples', async () => {
    serve(dry());
    const page = open('/runs/run-1');
    await page.sees('What would change');
    expect(
      page
        .findByTestId(Table, 'fields')
        .findAll(TableCell)
        .map(({ text }) => text ?? '')
        .slice(1),
    ).toEqual(['1,500', '2']);
    await page.sees('Lumo won: newer in Lumo. Rule: Newest wins.');
    await page.sees('愛子 🌸');
    expect(page.maybeFindByTestId(Button, 'confirm')).toBeNull();
    expect(page.texts()).not.toContain('Change log');
  });

  it('is confirmed when the first write-back waits for it', async () => {
    const server = serve(dry(), { 'GET /status': held, 'POST /sync/confirm': { confirmed: true } });
    const page = open('/runs/run-1');
    await page.r.waitFor(() => expect(page.findByTestId(Button, 'confirm')).toBeDefined());
    page.findByTestId(Button, 'confirm').props.overlay!.find(Modal).find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.went()).toEqual(['/']));
    expect(server.of('POST /sync/confirm')).toHaveLength(1);
    expect(page.alerts()).toEqual(['success: Confirmed. Lumo now writes to HubSpot.']);
  });

  it('stays when the confirmation is refused', async () => {
    serve(dry(), { 'GET /status': held, 'POST /sync/confirm': refused('PREVIEW_FIRST') });
    const page = open('/runs/run-1');
    await page.r.waitFor(() => expect(page.findByTestId(Button, 'confirm')).toBeDefined());
    page.findByTestId(Button, 'confirm').props.overlay!.find(Modal).find(LoadingButton).trigger('onClick');
    await page.sees('There is no finished preview yet.');
    expect(page.went()).toEqual([]);
  });

  it('copies the samples', async () => {
    serve(dry());
    const page = open('/runs/run-1');
    await page.r.waitFor(() => expect(page.findByTestId(Button, 'copy-samples')).toBeDefined());
    page.findByTestId(Button, 'copy-samples').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: 1 row copied.']));
    expect(page.mocks.actions.copyTextToClipboard.calls[0]?.[0]).toContain('501,firstname,hubspot,Aiko,愛子 🌸,lumo');
  });

  it.each([
    [
      'is being computed',
      dry({ status: 'syncing', endedAt: null, fields: [], samples: [] }),
      'The preview is being computed.',
    ],
    ['found nothing', dry({ fields: [], samples: [] }), 'Nothing would change'],
  ])('says when it %s', async (_, answer, text) => {
    serve(answer);
    const page = open('/runs/run-1');
    await page.sees(text);
  });
});

describe('failed items', () => {
  it('show the reason, what to do, and are tried again one by one', async () => {
    const server = serve(detail({ failures: [failure()] }), {
      'POST /failures/{failure}/retry': { retried: 1, refused: 0, next: null },
    });
    const page = open('/runs/run-1');
    await page.sees('The value is none of the property’s options in HubSpot.');
    await page.sees('Value was not one of the allowed options');
    await page.sees('Number to quote: abc-123');
    page
      .find(TableRow, (row) => row.maybeFind(LoadingButton) !== null)
      .find(LoadingButton)
      .trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: 1 item will be tried again.']));
    expect(server.of('POST /failures/{failure}/retry')[0]?.path).toEqual(['write_back-1']);
    await vi.waitFor(() => expect(server.of('GET /runs/{run}')).toHaveLength(2));
  });

  it('are all tried again, page by page', async () => {
    const server = fakeServer({
      'GET /status': status(),
      'GET /failures': { items: [failure()], next: null },
      'POST /failures/retry-all': ({ body }) =>
        body?.cursor ? { retried: 7, refused: 1, next: null } : { retried: 50, refused: 0, next: 'more' },
    });
    const page = open('/failures');
    await page.r.waitFor(() => expect(page.findByTestId(LoadingButton, 'retry-all')).toBeDefined());
    page.findByTestId(LoadingButton, 'retry-all').trigger('onClick');
    await vi.waitFor(() =>
      expect(page.alerts()).toEqual([
        'success: 57 items will be tried again.',
        'warning: 1 item cannot be tried again without a correction.',
      ]),
    );
    const ids = server.of('POST /failures/retry-all').map(({ body }) => body?.requestId);
    expect(new Set(ids).size).toBe(2);
  });

  it('say when a retry is refused', async () => {
    serve(detail({ failures: [failure()] }), { 'POST /failures/{failure}/retry': refused('CANNOT_RETRY') });
    const page = open('/runs/run-1');
    await page.sees('Retry all');
    page
      .find(TableRow, (row) => row.maybeFind(LoadingButton) !== null)
      .find(LoadingButton)
      .trigger('onClick');
    await page.sees('This item cannot be tried again by itself.');
  });

  it('are none', async () => {
    fakeServer({ 'GET /status': status(), 'GET /failures': { items: [], next: null } });
    const page = open('/failures', { language: 'ja' });
    await page.r.waitFor(() => expect(page.find(EmptyState).props.title).toBe('エラーの項目はありません'));
    expect(page.maybeFindByTestId(LoadingButton, 'retry-all')).toBeNull();
  });
});

describe('the change log', () => {
  it('is filtered by field and contact', async () => {
    const server = serve(detail(), {
      'GET /changes': { items: [change({ hubspotAtIsBound: true, clipped: true, old: '' })], next: null },
    });
    const page = open('/runs/run-1');
    await page.sees('HubSpot won: newer in HubSpot. Rule: Newest wins.');
    await page.sees('愛子 🌸 (shortened)');
    await page.sees('(empty)');
    await page.sees(/HubSpot: before Nov 30, 2026/);
    page.find(Input, { name: 'field' }).trigger('onInput', 'email ' as never);
    page.find(Input, { name: 'contact' }).trigger('onInput', '501' as never);
    await vi.waitFor(() =>
      expect(server.asked.at(-1)?.query).toEqual({ run: 'run-1', field: 'email', contact: '501', limit: '20' }),
    );
  });

  it('asks nothing for a contact that cannot be', async () => {
    const server = fakeServer({ 'GET /status': status(), 'GET /changes': { items: [], next: null } });
    const page = open('/changes', { params: { contact: '501' } });
    await vi.waitFor(() => expect(server.of('GET /changes')[0]?.query).toEqual({ contact: '501', limit: '20' }));
    page.find(Input, { name: 'contact' }).trigger('onInput', 'Aiko' as never);
    await page.sees('Enter the record ID: digits only');
    expect(server.of('GET /changes')).toHaveLength(1);
  });

  it('is copied whole, page by page, and no cell becomes a formula', async () => {
    const server = fakeServer({
      'GET /status': status(),
      'GET /changes': { items: [], next: null },
      'GET /changes/export': ({ query }) => ({
        columns: ['field', 'new'],
        rows: [[query.cursor ? 'lastname' : 'firstname', '=1+1']],
        next: query.cursor ? null : 'more',
      }),
    });
    const page = open('/changes');
    await page.sees('No changes');
    page.findByTestId(LoadingButton, 'copy-table').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: 2 rows copied.']));
    expect(page.mocks.actions.copyTextToClipboard.calls[0]?.[0]).toBe("field\tnew\nfirstname\t'=1+1\nlastname\t'=1+1");
    expect(server.of('GET /changes/export')).toHaveLength(2);
  });

  it('says when it cannot be copied', async () => {
    fakeServer({
      'GET /status': status(),
      'GET /changes': { items: [], next: null },
      'GET /changes/export': refused('INTERNAL'),
    });
    const page = open('/changes');
    await page.sees('No changes');
    page.findByTestId(LoadingButton, 'copy-table').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['danger: Lumo could not finish this.']));
  });
});

describe('rows for a spreadsheet', () => {
  const rows = [
    ['a', 'say "hi", all'],
    ['@x', 'two\nlines'],
  ];
  it('are quoted as CSV', () => expect(toCsv(rows)).toBe('a,"say ""hi"", all"\r\n\'@x,"two\nlines"'));
  it('stay one line each in a table', () => expect(toTable(rows)).toBe('a\tsay "hi", all\n\'@x\ttwo lines'));
});

it('an address that nobody knows shows the Dashboard', async () => {
  fakeServer({ 'GET /status': status(), 'GET /runs': { items: [run()], next: null } });
  const page = open('/nowhere');
  await page.sees('The latest data is synced.');
  expect(page.findAll(Heading).length).toBeGreaterThan(0);
  expect(page.maybeFind(BarChart)).toBeNull();
});

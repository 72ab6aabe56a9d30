import { Button, LoadingButton, SearchInput, ToggleGroup } from '@hubspot/ui-extensions';
import type { List } from '@lumo/screens';
import { fakeServer, list, refused, type Replies } from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const serve = (items: List[], more: Replies = {}) =>
  fakeServer({ 'GET /mappings': { items: [], max: 100 }, 'GET /lists': { items, next: null }, ...more });

describe('HubSpot lists on Sync Data', () => {
  it('shows name, type, size and since when the members are known', async () => {
    serve([
      list({ name: 'Spring sale', usedBy: [{ kind: 'segment', id: '1', name: 'Buyers' }] }),
      list({
        id: '12',
        name: 'Everybody',
        kind: 'active',
        size: null,
        selected: false,
        state: 'not_selected',
        members: null,
      }),
    ]);
    const page = open('/sync-data');
    await page.sees('HubSpot list | Type | Size in HubSpot | Members in Lumo');
    await page.sees('Spring sale | Used by: Buyers | Static | 1,200 | Up to date');
    await page.sees(/1,200 members as of .*2026/);
    await page.sees('Everybody | Active | being computed | Not kept');
  });

  it.each([
    ['waiting', 'Waiting to be read'],
    ['outdated', 'It is read again with the next sync.'],
    ['deleted', 'What uses it needs attention.'],
    ['too_large', 'up to 1,000,000 members'],
    ['refused', 'Check its sharing in HubSpot.'],
  ] as const)('says what the state %s means', async (state, text) => {
    serve([list({ state, ...(state === 'waiting' && { members: null, membersAsOf: null }) })]);
    await open('/sync-data').sees(text);
  });

  it('tells how far reading is, and how long it takes', async () => {
    serve([
      list({ state: 'reading', size: 250_000, read: 40_000, readSeconds: 112, members: null, membersAsOf: null }),
    ]);
    const page = open('/sync-data');
    await page.sees('40,000 of 250,000 read');
    await page.sees('Reading takes about 1 min 52 sec.');
    expect(page.findByTestId(Button, 'reread-11').props.disabled).toBe(true);
  });

  it('selects a list, and takes it off', async () => {
    const server = serve([list({ selected: false, state: 'not_selected', members: null })], {
      'PATCH /lists/{list}': list({ state: 'waiting' }),
    });
    const page = open('/sync-data');
    await page.sees('Not kept');
    server.set({
      'GET /lists': { items: [list({ usedBy: [{ kind: 'segment', id: '1', name: 'Buyers' }] })], next: null },
    });
    page.findByTestId(LoadingButton, 'select-11').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: The members of “VIP” are being read.']));
    expect(server.of('PATCH /lists/{list}')[0]).toMatchObject({ path: ['11'], body: { selected: true } });
    await page.sees('Used by');
    page.findByTestId(LoadingButton, 'select-11').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()[1]).toContain('used elsewhere'));
  });

  it('reads again at once, and explains a refusal', async () => {
    const server = serve([list()], { 'POST /lists/{list}/reread': refused('LIST_DELETED') });
    const page = open('/sync-data');
    await page.sees('Read now');
    page.findByTestId(Button, 'reread-11').trigger('onClick');
    await page.sees('The HubSpot list was deleted in HubSpot.');
    server.set({ 'POST /lists/{list}/reread': list({ state: 'outdated' }) });
    page.findByTestId(Button, 'reread-11').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “VIP” is being read.']));
  });

  it('searches and narrows', async () => {
    const server = serve([]);
    const page = open('/sync-data');
    await page.sees('No HubSpot lists');
    page.find(SearchInput).trigger('onInput', 'spring' as never);
    await vi.waitFor(() => expect(server.of('GET /lists').at(-1)?.query).toMatchObject({ search: 'spring' }));
    page.find(ToggleGroup).trigger('onChange', 'selected' as never);
    await vi.waitFor(() => expect(server.of('GET /lists').at(-1)?.query).toMatchObject({ selected: 'true' }));
    await page.sees('No HubSpot list matches');
  });

  it('is the same in Japanese', async () => {
    serve([list({ state: 'deleted' })]);
    const page = open('/sync-data', { language: 'ja' });
    await page.sees('HubSpotリスト | 種類');
    await page.sees('HubSpotで削除済み');
  });
});

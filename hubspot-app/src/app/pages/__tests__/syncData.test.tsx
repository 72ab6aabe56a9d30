import {
  Alert,
  Button,
  EmptyState,
  LoadingButton,
  LoadingSpinner,
  Modal,
  SearchInput,
  StatusTag,
  TableRow,
  ToggleGroup,
} from '@hubspot/ui-extensions';
import type { Mapping } from '@lumo/screens';
import { candidate, fakeServer, mapping, refused, running, type Replies } from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const serve = (items: Mapping[], more: Replies = {}) =>
  fakeServer({ 'GET /mappings': { items, max: 100 }, 'GET /lists': { items: [], next: null }, ...more });
const settled = (more: { queued?: boolean; run?: ReturnType<typeof running> | null } = {}) => ({
  mapping: mapping(),
  run: null,
  queued: false,
  ...more,
});
const modalOf = (page: ReturnType<typeof open>, testId: string) =>
  page.findByTestId(Button, testId).props.overlay!.find(Modal);

describe('Sync Data', () => {
  it('says what it loads, then shows the columns', async () => {
    serve([
      mapping(),
      mapping({
        property: 'company_name',
        label: 'Company name',
        oneWay: true,
        ruleFixed: true,
        rule: 'hubspot_always',
      }),
    ]);
    const page = open('/sync-data');
    expect(page.find(LoadingSpinner).props.label).toBe('Loading the synced properties');
    await page.sees('HubSpot property | App field | Sync rule | Status');
    await page.sees('From HubSpot only');
    await page.sees('2 of 100 properties');
    expect(page.maybeFindByTestId(Button, 'rule-company_name')).toBeNull();
  });

  it.each([
    ['active', null, 'Active', ''],
    ['waiting_first_sync', 'WAIT_FOR_RUN', 'Waiting for first sync', 'Its values come with the next sync.'],
    ['paused', 'RESUME', 'Paused', 'Press “Resume” to sync it again.'],
    ['error_property_deleted', 'RESTORE_PROPERTY', 'Error: property deleted in HubSpot', 'recreate it from here'],
    ['error_type_changed', 'MAP_AGAIN', 'Error: type changed', 'Remove it here and add it again with its new type.'],
    ['error_no_permission', 'GRANT_PERMISSION', 'Error: no permission', 'Reconnect HubSpot'],
  ] as const)('shows the status %s and what to do', async (state, todo, text, advice) => {
    serve([mapping({ status: state, todo })]);
    const page = open('/sync-data');
    await page.r.waitFor(() => expect(page.find(StatusTag).text).toBe(text));
    await page.sees(advice);
  });

  it('says how to begin while it is empty, and is the same in Japanese', async () => {
    serve([]);
    const page = open('/sync-data', { language: 'ja' });
    await page.r.waitFor(() => expect(page.find(EmptyState).props.title).toBe('連携中のプロパティーはありません'));
    await page.sees('HubSpotのプロパティーを追加');
  });

  it('explains a failure to load', async () => {
    serve([], { 'GET /mappings': refused('PERMISSION_DENIED') });
    const page = open('/sync-data');
    await page.sees('You may not do this.');
  });

  it('recreates a property that was deleted in HubSpot, or says why not', async () => {
    const server = serve([mapping({ status: 'error_property_deleted', todo: 'RESTORE_PROPERTY' })], {
      'POST /mappings/{property}/recreate': refused('CHOICES_UNKNOWN'),
    });
    const page = open('/sync-data');
    await page.sees('Recreate');
    page.findByTestId(LoadingButton, 'recreate-firstname').trigger('onClick');
    await page.sees('HubSpot does not remember the choices of this property.');
    server.set({ 'POST /mappings/{property}/recreate': settled() });
    page.findByTestId(LoadingButton, 'recreate-firstname').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()[0]).toContain('The property is in HubSpot again.'));
    expect(server.of('POST /mappings/{property}/recreate')[0]?.path).toEqual(['firstname']);
  });

  it('pauses and resumes', async () => {
    const server = serve([mapping({ status: 'paused', todo: 'RESUME' })], {
      'PATCH /mappings/{property}': settled({ queued: true }),
    });
    const page = open('/sync-data');
    await page.sees('Resume');
    page.findByTestId(LoadingButton, 'pause-firstname').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: Saved. The next sync brings the values.']));
    expect(server.of('PATCH /mappings/{property}')[0]).toMatchObject({ path: ['firstname'], body: { paused: false } });
    await vi.waitFor(() => expect(server.of('GET /mappings')).toHaveLength(2));
  });

  it('changes the rule', async () => {
    const server = serve([mapping()], { 'PATCH /mappings/{property}': settled() });
    const page = open('/sync-data');
    await page.sees('Sync rule of First name');
    expect(modalOf(page, 'rule-firstname').find(LoadingButton).props.disabled).toBe(true);
    modalOf(page, 'rule-firstname')
      .find(ToggleGroup)
      .trigger('onChange', 'lumo_always' as never);
    await page.r.waitFor(() => expect(modalOf(page, 'rule-firstname').find(LoadingButton).props.disabled).toBe(false));
    modalOf(page, 'rule-firstname').find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.mocks.actions.closeOverlay.calls).toEqual([['rule-firstname']]));
    expect(server.of('PATCH /mappings/{property}')[0]?.body).toMatchObject({ rule: 'lumo_always' });
  });

  it('explains why the rule cannot be changed', async () => {
    serve([mapping()], { 'PATCH /mappings/{property}': refused('RULE_FIXED') });
    const page = open('/sync-data');
    await page.sees('Change rule');
    modalOf(page, 'rule-firstname')
      .find(ToggleGroup)
      .trigger('onChange', 'lumo_always' as never);
    modalOf(page, 'rule-firstname').find(LoadingButton).trigger('onClick');
    await page.r.waitFor(() =>
      expect(modalOf(page, 'rule-firstname').find(Alert).props.title).toBe(
        'The rule of this property cannot be changed.',
      ),
    );
    expect(page.mocks.actions.closeOverlay.called).toBe(false);
  });

  it('removes only after asking', async () => {
    const server = serve([mapping({ label: '名'.repeat(120) })], { 'DELETE /mappings/{property}': { removed: true } });
    const page = open('/sync-data');
    await page.sees('Stop syncing');
    expect(server.of('DELETE /mappings/{property}')).toHaveLength(0);
    modalOf(page, 'remove-firstname').find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(server.of('DELETE /mappings/{property}')[0]?.path).toEqual(['firstname']));
    await vi.waitFor(() => expect(page.mocks.actions.closeOverlay.calls).toEqual([['remove-firstname']]));
  });
});

describe('"Add HubSpot Property"', () => {
  const opened = async (more: Replies = {}) => {
    const server = serve([mapping()], {
      'GET /properties': {
        items: [
          candidate(),
          candidate({ name: 'score', label: 'Score', type: 'number', fit: 'one_way' }),
          candidate({ name: 'firstname', label: 'First name', mapped: true }),
          candidate({ name: 'blob', label: 'Blob', type: 'json', fit: 'none' }),
        ],
        next: null,
      },
      ...more,
    });
    const page = open('/sync-data');
    await page.sees('Add HubSpot Property');
    expect(server.of('GET /properties')).toHaveLength(0);
    modalOf(page, 'add-property').trigger('onOpen');
    return { server, page, modal: () => modalOf(page, 'add-property') };
  };

  it('shows the properties of HubSpot with type and what can be synced', async () => {
    const { page } = await opened();
    await page.sees('Job title | jobtitle | contactinformation | Text');
    await page.sees('From HubSpot only');
    await page.sees('Synced already');
    await page.sees('json | Cannot be synced');
  });

  it('searches', async () => {
    const { server, modal, page } = await opened();
    await page.sees('Job title');
    modal()
      .find(SearchInput)
      .trigger('onInput', '役職 ' as never);
    await vi.waitFor(() => expect(server.of('GET /properties').at(-1)?.query).toEqual({ search: '役職', limit: '10' }));
  });

  it('adds with the chosen rule, and says that a sync brings the values', async () => {
    const { server, modal, page } = await opened({ 'POST /mappings': settled({ run: running() }) });
    await page.sees('Job title');
    modal()
      .find(ToggleGroup)
      .trigger('onChange', 'hubspot_fill_if_empty' as never);
    await page.r.waitFor(() => expect(modal().find(ToggleGroup).props.value).toBe('hubspot_fill_if_empty'));
    modal().findAll(LoadingButton)[0]?.trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: Saved. A sync brings the values now.']));
    expect(server.of('POST /mappings')[0]?.body).toMatchObject({ property: 'jobtitle', rule: 'hubspot_fill_if_empty' });
    expect(page.mocks.actions.closeOverlay.calls).toEqual([['add-property']]);
    await vi.waitFor(() => expect(server.of('GET /mappings')).toHaveLength(2));
  });

  it('leaves the rule to the server where a property flows one way', async () => {
    const { server, modal, page } = await opened({ 'POST /mappings': settled({ queued: true }) });
    await page.sees('Score');
    modal()
      .find(TableRow, (row) => row.toString().includes('score'))
      .find(LoadingButton)
      .trigger('onClick');
    await vi.waitFor(() =>
      expect(server.of('POST /mappings')[0]?.body).toEqual({
        property: 'score',
        requestId: expect.any(String) as string,
      }),
    );
  });

  it.each([
    ['HubSpot does not answer', refused('PROVIDER_UNAVAILABLE'), 'HubSpot or LINE does not answer at the moment.'],
    ['nothing matches', { items: [], next: null }, 'No property matches'],
  ])('says when %s', async (_, answer, text) => {
    const { page } = await opened({ 'GET /properties': answer });
    await page.sees(text);
  });

  it('explains a refusal', async () => {
    const { modal, page } = await opened({ 'POST /mappings': refused('TOO_MANY_MAPPINGS') });
    await page.sees('Job title');
    modal().findAll(LoadingButton)[0]?.trigger('onClick');
    await page.sees('The largest number of synced properties is reached.');
  });
});

import {
  Button,
  Checkbox,
  Input,
  LoadingButton,
  Modal,
  MultiSelect,
  NumberInput,
  Select,
  TextArea,
} from '@hubspot/ui-extensions';
import type { SegmentProblem } from '@lumo/screens';
import {
  account,
  fakeServer,
  may,
  refused,
  segment,
  segmentChoices,
  segmentEstimate,
  settingsPage,
  type Replies,
} from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const PATH = '/segments/1/seg1';
const AT = { params: { slot: '1', segment: 'seg1' } };
const NEW_AT = { params: { slot: '1', segment: 'new' } };

const serve = (more: Replies = {}) =>
  fakeServer({
    'GET /accounts': { items: [account()], next: null },
    'GET /settings': settingsPage(),
    'GET /segments': { items: [segment()], next: null },
    'GET /segments/choices': segmentChoices(),
    'GET /segments/{slot}/{segment}': segment(),
    'POST /segments/estimate': segmentEstimate(),
    ...more,
  });

const select = (page: ReturnType<typeof open>, name: string, value: string) =>
  page.find(Select, { name }).trigger('onChange', value as never);

describe('Segments', () => {
  it('lists them with their states, and says what is wrong', async () => {
    const gone: SegmentProblem = { code: 'CONDITION_LIST', place: 'tree.all[1].any[0].ref', message: 'Gone.' };
    serve({
      'GET /segments': {
        items: [segment(), segment({ id: 'two', name: '春'.repeat(80), state: 'attention', problems: [gone] })],
        next: null,
      },
    });
    const page = open('/segments');
    await page.sees('VIP 🌸 | Ready | 2');
    await page.sees('Needs attention | The HubSpot list of a condition was deleted.');
    expect(page.texts()).toContain(`${'春'.repeat(59)}…`);
    expect(page.texts()).not.toContain('春'.repeat(60) + ' | ');
  });

  it('leads to the first one', async () => {
    serve({ 'GET /segments': { items: [], next: null } });
    const page = open('/segments');
    await page.sees('No segments yet');
    await page.waitFor(() => expect(page.findByTestId(Button, 'create-segment').props.disabled).toBe(false));
    page.findByTestId(Button, 'create-segment').trigger('onClick');
    expect(page.went()).toEqual(['/segments/1/new']);
  });

  it('offers nothing to who may not send', async () => {
    serve({ 'GET /settings': settingsPage({ may: may({ send_messages: false }) }) });
    const list = open('/segments');
    await list.sees('VIP 🌸');
    expect(list.findByTestId(Button, 'create-segment').props.disabled).toBe(true);
    expect(list.findByTestId(Button, 'copy-seg1').props.disabled).toBe(true);
    const page = open(PATH, AT);
    await page.sees('Changing them needs the right to send messages.');
    expect(page.find(Select, { name: 'c-0-0-type' }).props.readOnly).toBe(true);
    expect(page.maybeFindByTestId(Button, 'and')).toBeNull();
  });

  it('copies, and deletes when asked twice; one in use is kept with its reason', async () => {
    const server = serve({
      'POST /segments/{slot}/{segment}/copy': segment({ id: 'copy' }),
      'DELETE /segments/{slot}/{segment}': refused('SEGMENT_IN_USE'),
    });
    const page = open('/segments');
    await page.sees('VIP 🌸');
    await page.waitFor(() => expect(page.findByTestId(Button, 'copy-seg1').props.disabled).toBe(false));
    page.findByTestId(Button, 'copy-seg1').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “VIP 🌸 (copy)” was created.']));
    expect(server.of('POST /segments/{slot}/{segment}/copy')[0]).toMatchObject({ body: { name: 'VIP 🌸 (copy)' } });
    const modal = () => page.findByTestId(Button, 'delete-seg1').props.overlay!.find(Modal);
    modal().find(LoadingButton).trigger('onClick');
    await page.sees('A broadcast that is not over uses this segment.');
    server.set({ 'DELETE /segments/{slot}/{segment}': { deleted: true } });
    modal().find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()[1]).toBe('success: “VIP 🌸” was deleted.'));
  });
});

describe('The editor of a segment', () => {
  it('shows conditions, the count and how they are reached', async () => {
    const server = serve();
    const page = open(PATH, AT);
    await page.sees('Estimated recipients | 1,234 | of 5,000 friends');
    await page.sees('Linked to a contact | 900 | Not linked | 334 | Blocked, left out | 12 | Not known, left out | 7');
    await page.sees('Contacts who are not friends | 45');
    await page.sees(/Members of HubSpot lists as of .*2026/);
    expect(server.of('POST /segments/estimate')[0]?.body).toMatchObject({ slot: 1, tree: segment().tree });
    expect(page.findByTestId(LoadingButton, 'save-segment').props.disabled).toBe(true);
  });

  it('composes a new one: groups, conditions, values of each kind, unknown by choice', async () => {
    const server = serve({ 'POST /segments': segment({ id: 'made', name: 'Buyers' }) });
    const page = open('/segments/1/new', NEW_AT);
    await page.sees('Estimated recipients');
    await page.waitFor(() => page.findByTestId(Button, 'and'));
    page.find(Input, { name: 'segment-name' }).trigger('onInput', ' Buyers ' as never);
    select(page, 'c-0-0-ref', 'vip');
    page.findByTestId(Button, 'or-0').trigger('onClick');
    select(page, 'c-0-1-type', 'property');
    select(page, 'c-0-1-ref', 'city');
    page.find(TextArea, { name: 'c-0-1-values' }).trigger('onInput', '札幌\nTokyo\n' as never);
    page.findByTestId(Button, 'and').trigger('onClick');
    select(page, 'c-1-0-type', 'follow');
    page.find(MultiSelect, { name: 'c-1-0-values' }).trigger('onChange', ['following'] as never);
    page.find(Checkbox, { name: 'c-1-0-unknown' }).trigger('onChange', true as never);
    page.findByTestId(Button, 'and').trigger('onClick');
    select(page, 'c-2-0-type', 'last_message');
    select(page, 'c-2-0-op', 'last_days');
    page.find(NumberInput, { name: 'c-2-0-days' }).trigger('onChange', 7 as never);
    const tree = {
      all: [
        {
          any: [
            { type: 'tag', op: 'has', ref: 'vip' },
            { type: 'property', op: 'is', ref: 'city', values: ['札幌', 'Tokyo'] },
          ],
        },
        { any: [{ type: 'follow', op: 'is', values: ['following'], orUnknown: true }] },
        { any: [{ type: 'last_message', op: 'last_days', days: 7 }] },
      ],
    };
    await vi.waitFor(() => expect(server.of('POST /segments/estimate').at(-1)?.body).toMatchObject({ tree }));
    page.findByTestId(LoadingButton, 'save-segment').trigger('onClick');
    await vi.waitFor(() => expect(page.went()).toEqual(['/segments/1/made']));
    expect(server.of('POST /segments')[0]?.body).toMatchObject({ slot: 1, name: 'Buyers', tree });
  });

  it('says what is wrong beside the condition, and keeps showing what is gone', async () => {
    serve({
      'GET /segments/{slot}/{segment}': segment({ state: 'attention' }),
      'GET /segments/choices': segmentChoices({ lists: [] }),
      'POST /segments/estimate': {
        state: 'attention',
        problems: [{ code: 'CONDITION_LIST', place: 'tree.all[1].any[0].ref', message: 'Gone.' }],
        estimate: null,
      },
    });
    const page = open(PATH, AT);
    await page.sees('Nothing is sent to this segment until this is solved.');
    await page.sees('The HubSpot list of a condition was deleted. Choose another HubSpot list');
    expect(page.find(Select, { name: 'c-1-0-ref' }).props).toMatchObject({
      error: true,
      options: [{ value: '12', label: 'No longer there (12)' }],
    });
  });

  it('does not complain of what is only being put together', async () => {
    serve({
      'POST /segments/estimate': {
        state: 'attention',
        problems: [{ code: 'CONDITION_TAG', place: 'tree.all[0].any[0].ref', message: 'Choose a tag.' }],
        estimate: null,
      },
    });
    const page = open('/segments/1/new', NEW_AT);
    await page.sees('Complete the conditions');
    expect(page.texts()).not.toContain('The tag of a condition');
    page.find(Select, { name: 'c-0-0-ref' }).trigger('onChange', 'vip' as never);
    await page.sees('The tag of a condition does not exist.');
  });

  it('waits for what is read for the first time', async () => {
    serve({ 'POST /segments/estimate': { state: 'preparing', problems: [], estimate: null } });
    await open(PATH, AT).sees('The count follows by itself.');
  });

  it('saves over what was seen only, and explains when somebody else was faster', async () => {
    const server = serve({ 'PUT /segments/{slot}/{segment}': refused('CHANGED_MEANWHILE') });
    const page = open(PATH, AT);
    await page.waitFor(() => expect(page.find(Input, { name: 'segment-name' }).props.readOnly).toBe(false));
    page.find(Input, { name: 'segment-name' }).trigger('onInput', 'Other' as never);
    await page.sees('Not saved yet');
    page.findByTestId(LoadingButton, 'save-segment').trigger('onClick');
    await vi.waitFor(() => expect(server.of('PUT /segments/{slot}/{segment}')).toHaveLength(1));
    expect(server.of('PUT /segments/{slot}/{segment}')[0]?.body).toMatchObject({ name: 'Other', version: 3 });
    await page.waitFor(() => expect(page.findByTestId(LoadingButton, 'save-segment').props.loading).toBe(false));
    server.set({ 'PUT /segments/{slot}/{segment}': segment({ name: 'Other', version: 4 }) });
    page.findByTestId(LoadingButton, 'save-segment').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “Other” was saved.']));
  });

  it('leads back from one that does not exist', async () => {
    serve({ 'GET /segments/{slot}/{segment}': refused('NO_SUCH_SEGMENT') });
    const page = open(PATH, AT);
    await page.sees('There is no such segment.');
    await page.sees('All segments');
  });

  it('is the same in Japanese', async () => {
    serve();
    const page = open(PATH, { ...AT, language: 'ja' });
    await page.sees('推定配信数 | 1,234');
    await page.sees('グループ1');
  });
});

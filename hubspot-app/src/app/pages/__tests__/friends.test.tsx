import {
  Button,
  Checkbox,
  DateInput,
  EmptyState,
  ErrorState,
  Input,
  LoadingButton,
  LoadingSpinner,
  Modal,
  MultiSelect,
  NumberInput,
  SearchInput,
  Select,
  Table,
  TableRow,
  Tag,
  TimeInput,
} from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { momentOf, type Friend } from '@lumo/screens';
import {
  account,
  change,
  fakeServer,
  field,
  friend,
  may,
  message,
  refused,
  settingsPage,
  tag,
  USER,
  written,
  type Replies,
} from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const userOf = (n: number) => `U${n.toString(16).padStart(32, '0')}`;
const many = (n: number) =>
  Array.from({ length: n }, (_, i): Friend => friend({ user: userOf(i), name: `Friend ${i}` }));

/** The type of Table's props is a union, which `trigger` does not take. */
const turnTo = (page: ReturnType<typeof open>, to: number) =>
  (page.find(Table).props as { onPageChange?: (page: number) => void }).onPageChange?.(to);

const serve = (more: Replies = {}) =>
  fakeServer({
    'GET /accounts': { items: [account()], next: null },
    'GET /settings': settingsPage(),
    'GET /tags': { items: [tag(), tag({ id: 'vip', name: 'VIP 🎉' })], next: null },
    'GET /friends': { items: [friend({ tags: [{ id: 'new', name: 'New' }] })], next: null },
    ...more,
  });

describe('Friends', () => {
  it('says what it loads, then lists the friends of the first connected account', async () => {
    const server = serve();
    const page = open('/friends');
    expect(page.find(LoadingSpinner).props.label).toBe('Loading friends');
    await page.sees('愛子 🌸');
    expect(page.find(PageLink, { to: `/friends/1/${USER}` }).text).toBe('愛子 🌸');
    expect(page.find(Tag).text).toBe('New');
    expect(server.of('GET /friends')[0]?.query).toEqual({ slot: '1', limit: '50' });
  });

  it('leads to Settings while no account is connected', async () => {
    serve({ 'GET /accounts': { items: [], next: null } });
    const page = open('/friends');
    await page.sees('No LINE Official Account is connected');
    await page.sees('Open Settings');
  });

  it('says what to do while nobody is known, in Japanese too', async () => {
    serve({ 'GET /friends': { items: [], next: null } });
    const page = open('/friends', { language: 'ja' });
    await page.sees('友だちはまだいません');
    expect(page.find(EmptyState).props.title).toBe('友だちはまだいません');
  });

  it('offers to try again', async () => {
    const server = serve({ 'GET /friends': refused('INTERNAL', 'No.', { correlationId: 'c-1' }) });
    const page = open('/friends');
    await page.sees('Number to quote: c-1');
    server.set({ 'GET /friends': { items: [friend()], next: null } });
    page.find(ErrorState).find(Button).trigger('onClick');
    await page.sees('愛子 🌸');
  });

  it('searches by name and filters', async () => {
    const server = serve();
    const page = open('/friends');
    await page.sees('愛子');
    page.find(Select, { name: 'follow' }).trigger('onChange', 'blocked' as never);
    page.find(Select, { name: 'linked' }).trigger('onChange', 'false' as never);
    page.find(Select, { name: 'tag' }).trigger('onChange', 'vip' as never);
    page.find(SearchInput).trigger('onInput', ' 愛 ' as never);
    await vi.waitFor(() =>
      expect(server.of('GET /friends').at(-1)?.query).toEqual({
        slot: '1',
        search: '愛',
        follow: 'blocked',
        linked: 'false',
        tag: 'vip',
        limit: '50',
      }),
    );
    server.set({ 'GET /friends': { items: [], next: null } });
    page.find(SearchInput).trigger('onInput', 'nobody' as never);
    await page.sees('No friend fits');
    page.findByTestId(Button, 'clear-filters').trigger('onClick');
    await vi.waitFor(() => expect(server.of('GET /friends').at(-1)?.query).toEqual({ slot: '1', limit: '50' }));
  });

  it('shows 10,000 friends in pages of 50, and says when a page holds none', async () => {
    const server = serve({
      'GET /friends': ({ query }) => (query.cursor ? { items: [], next: 'more' } : { items: many(50), next: 'second' }),
    });
    const page = open('/friends');
    await page.sees('Friend 49');
    expect(page.findAll(TableRow)).toHaveLength(51);
    turnTo(page, 2);
    await page.sees('No friend on this page fits');
    expect(server.of('GET /friends').at(-1)?.query.cursor).toBe('second');
  });

  it('switches between accounts', async () => {
    const server = serve({
      'GET /accounts': {
        items: [account({ state: 'disconnected' }), account({ slot: 2, name: 'Shop 2' })],
        next: null,
      },
    });
    const page = open('/friends');
    await page.sees('愛子');
    expect(page.find(Select, { name: 'account' }).props.options).toEqual([
      { value: 1, label: 'Test shop (disconnected)' },
      { value: 2, label: 'Shop 2' },
    ]);
    await vi.waitFor(() => expect(server.of('GET /friends')[0]?.query.slot).toBe('2'));
    page.find(Select, { name: 'account' }).trigger('onChange', 1 as never);
    await vi.waitFor(() => expect(server.of('GET /friends').at(-1)?.query.slot).toBe('1'));
  });

  it('survives friends without a name and with very long ones', async () => {
    serve({
      'GET /friends': {
        items: [friend({ name: ' ' }), friend({ user: userOf(2), name: '👨‍👩‍👧'.repeat(100) })],
        next: null,
      },
    });
    const page = open('/friends');
    await page.sees('No name (…abcdef)');
    expect(page.find(PageLink, { to: `/friends/1/${userOf(2)}` }).text).toBe(`${'👨‍👩‍👧'.repeat(39)}…`);
  });
});

describe('tags in bulk', () => {
  const select = async (more: Replies = {}) => {
    const server = serve({ 'GET /friends': { items: many(3), next: null }, ...more });
    const page = open('/friends');
    await page.sees('Friend 2');
    page.find(Checkbox, { name: 'select-page' }).trigger('onChange', true as never);
    await page.sees('3 friends selected');
    page.find(Checkbox, { name: `select-${userOf(1)}` }).trigger('onChange', false as never);
    await page.sees('2 friends selected');
    await page.r.waitFor(() => expect(page.find(MultiSelect).props.options).toHaveLength(2));
    page.find(MultiSelect).trigger('onChange', ['vip'] as never);
    return { server, page };
  };

  it.each(['add', 'remove'] as const)('does "%s" for those that are selected', async (what) => {
    const { server, page } = await select({
      'POST /friends/tags': { changed: 1, unchanged: 0, missing: [], full: [userOf(2)] },
    });
    page.findByTestId(LoadingButton, `bulk-${what}`).trigger('onClick');
    await vi.waitFor(() =>
      expect(page.alerts()).toEqual(['warning: 1 friend changed. 1 has as many tags as possible already.']),
    );
    expect(server.of('POST /friends/tags')[0]?.body).toMatchObject({
      slot: 1,
      users: [userOf(0), userOf(2)],
      [what]: ['vip'],
    });
    await page.sees('0 friends selected');
  });

  it('keeps the selection when it fails', async () => {
    const { page } = await select({ 'POST /friends/tags': refused('NO_SUCH_TAG') });
    page.findByTestId(LoadingButton, 'bulk-add').trigger('onClick');
    await page.sees('This tag does not exist any more.');
    await page.sees('2 friends selected');
  });

  it('lets nobody tag more than 100 at once', async () => {
    serve({
      'GET /friends': ({ query }) => ({
        items: many(150).slice(query.cursor ? 50 : 0, query.cursor ? 150 : 50),
        next: query.cursor ? null : 'c',
      }),
    });
    const page = open('/friends');
    await page.sees('Friend 49');
    page.find(Checkbox, { name: 'select-page' }).trigger('onChange', true as never);
    turnTo(page, 2);
    await page.sees('Friend 149');
    page.find(Checkbox, { name: 'select-page' }).trigger('onChange', true as never);
    await page.sees('At most 100 friends');
    expect(page.findByTestId(LoadingButton, 'bulk-add').props.disabled).toBe(true);
  });

  it('creates a tag, and says when the name cannot be', async () => {
    const server = serve({ 'POST /tags': refused('NAME_TAKEN') });
    const page = open('/friends');
    await page.sees('愛子');
    const modal = () => page.findByTestId(Button, 'create-tag').props.overlay!.find(Modal);
    modal()
      .find(Input)
      .trigger('onInput', ' 常連 ' as never);
    modal().find(LoadingButton).trigger('onClick');
    await page.sees('There is a tag of this name already.');
    server.set({ 'POST /tags': { tag: tag({ name: '常連' }), offered: true } });
    modal().find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: Tag created. It can be chosen in HubSpot now.']));
    expect(server.of('POST /tags').at(-1)?.body).toMatchObject({ slot: 1, name: '常連' });
  });

  it('is not offered to those who may not', async () => {
    serve({ 'GET /settings': settingsPage({ may: may({ edit_friends: false }) }) });
    const page = open('/friends');
    await page.r.waitFor(() => expect(page.findByTestId(Button, 'create-tag').props.disabled).toBe(true));
  });

  it('offers nothing while it is not known who may, and leaves it to the server where that cannot be learnt', async () => {
    const server = serve({ 'GET /settings': () => new Promise<never>(() => undefined) });
    const page = open('/friends');
    await page.r.waitFor(() => expect(page.findByTestId(Button, 'create-tag').props.disabled).toBe(true));
    server.set({ 'GET /settings': refused('INTERNAL') });
    const other = open('/friends');
    await other.r.waitFor(() => expect(other.findByTestId(Button, 'create-tag').props.disabled).toBe(false));
  });
});

const MORNING = { year: 2026, month: 10, date: 30, hours: 9, minutes: 30 };

describe('one friend', () => {
  const at = `/friends/1/${USER}`;
  const detail = (more: Replies = {}) =>
    serve({
      'GET /friends/{slot}/{user}': friend({
        fields: [field(), field({ property: 'birthday', label: 'Birthday', type: 'date', value: null })],
      }),
      'GET /changes': { items: [change()], next: null },
      'GET /friends/{slot}/{user}/messages': { items: [], next: null },
      ...more,
    });

  it('opens by a link, with link, fields and history', async () => {
    const server = detail();
    const page = open(at);
    expect(page.find(LoadingSpinner).props.label).toBe('Loading friend');
    await page.sees('From HubSpot: newer in HubSpot');
    await page.sees('LINE User ID in HubSpot');
    await page.sees('HubSpot won');
    expect(server.of('GET /friends/{slot}/{user}')[0]?.path).toEqual(['1', USER]);
    expect(server.of('GET /changes')[0]?.query).toMatchObject({ slot: '1', user: USER });
  });

  it('shows the conversation, oldest first, page by page, with Retry for what was not sent', async () => {
    const server = detail({
      'GET /friends/{slot}/{user}/messages': ({ query }) =>
        query.cursor
          ? { items: [message({ id: 'm0', text: 'long ago' })], next: null }
          : {
              items: [
                written({ id: 'm2', text: 'Yes, come by', status: 'failed', code: 'LINE_REFUSED', retry: true }),
                message({ id: 'm1', text: '開いていますか?' }),
              ],
              next: 'older',
            },
      'POST /friends/{slot}/{user}/messages/{message}/retry': { message: written({ id: 'm2' }) },
    });
    const page = open(at);
    await page.sees('Yes, come by');
    expect(page.texts().indexOf('開いていますか?')).toBeLessThan(page.texts().indexOf('Yes, come by'));
    page.findByTestId(LoadingButton, 'retry-m2').trigger('onClick');
    await vi.waitFor(() => expect(server.of('POST /friends/{slot}/{user}/messages/{message}/retry')).toHaveLength(1));
    page
      .findAll(Button)
      .find((button) => button.text === 'Older')!
      .trigger('onClick');
    await page.sees('long ago');
  });

  it('says so where nothing was said', async () => {
    detail();
    await open(at, { language: 'ja' }).sees('メッセージはまだありません');
  });

  it('says when there is no such friend', async () => {
    detail({ 'GET /friends/{slot}/{user}': refused('NO_SUCH_FRIEND') });
    await open(at).sees('This LINE friend does not exist any more.');
  });

  it('names both contacts of a conflict, and says when the friend blocked', async () => {
    detail({
      'GET /friends/{slot}/{user}': friend({
        follow: 'blocked',
        link: { state: 'conflict', contactId: '501', claimantId: '502', method: null, at: null, actor: null },
      }),
    });
    const page = open(at);
    await page.sees('Two contacts claim this LINE friend');
    await page.sees('This friend blocked the account');
    await page.sees('No fields are synced');
  });

  it('edits what flows both ways, and marks what does not fit', async () => {
    const server = detail({
      'PATCH /friends/{slot}/{user}/fields': refused('INVALID_VALUE', 'Bad.', { field: 'firstname' }),
    });
    const page = open(at);
    await page.sees('Edit fields');
    page.findByTestId(Button, 'edit-fields').trigger('onClick');
    expect(page.findByTestId(LoadingButton, 'save-fields').props.disabled).toBe(true);
    page.find(Input, { name: 'firstname' }).trigger('onInput', '愛' as never);
    page.findByTestId(LoadingButton, 'save-fields').trigger('onClick');
    await page.r.waitFor(() => expect(page.find(Input, { name: 'firstname' }).props.error).toBe(true));
    expect(server.of('PATCH /friends/{slot}/{user}/fields')[0]?.body).toMatchObject({ values: { firstname: '愛' } });
    server.set({ 'PATCH /friends/{slot}/{user}/fields': friend() });
    page.findByTestId(LoadingButton, 'save-fields').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: Saved. HubSpot learns of it within seconds.']));
  });

  it('shows what choices are called, and the internal value where that is not known', async () => {
    const server = detail({
      'GET /friends/{slot}/{user}': friend({
        fields: [
          field({ property: 'likes', label: 'Likes', type: 'enumeration', fieldType: 'checkbox', value: 'a;gone' }),
        ],
      }),
      'GET /properties/{property}/labels': { items: [{ value: 'a', label: '小 A' }], more: false },
    });
    await open(at).sees('小 A, gone');
    server.set({ 'GET /properties/{property}/labels': refused('NO_SUCH_PROPERTY') });
    await open(at).sees('a, gone');
  });

  it('lets people choose instead of typing internal values', async () => {
    const server = detail({
      'GET /friends/{slot}/{user}': friend({
        fields: [
          field({ property: 'size', label: 'Size', type: 'enumeration', fieldType: 'select', value: 'old' }),
          field({ property: 'likes', label: 'Likes', type: 'enumeration', fieldType: 'checkbox', value: 'a' }),
          field({ property: 'points', label: 'Points', type: 'number', fieldType: 'number', value: '3' }),
          field({ property: 'visit', label: 'Visit', type: 'datetime', fieldType: 'date', value: null }),
        ],
      }),
      'GET /properties/{property}/options': {
        items: [
          { value: 'a', label: '小 A' },
          { value: 'b', label: '大 B' },
        ],
        more: false,
      },
      'PATCH /friends/{slot}/{user}/fields': friend(),
    });
    const page = open(at);
    await page.sees('Edit fields');
    page.findByTestId(Button, 'edit-fields').trigger('onClick');
    await page.r.waitFor(() => expect(page.find(Select, { name: 'size' }).props.options).toHaveLength(4));
    expect(page.find(Select, { name: 'size' }).props.options[3]).toEqual({ value: 'old', label: 'old' });
    page.find(Select, { name: 'size' }).trigger('onChange', 'b' as never);
    page.find(MultiSelect, { name: 'likes' }).trigger('onChange', ['a', 'b'] as never);
    page.find(NumberInput, { name: 'points' }).trigger('onChange', 12.5 as never);
    page.find(DateInput, { name: 'visit' }).trigger('onChange', { year: 2026, month: 10, date: 30 } as never);
    page.find(TimeInput, { name: 'visit-time' }).trigger('onChange', { hours: 9, minutes: 30 } as never);
    page.findByTestId(LoadingButton, 'save-fields').trigger('onClick');
    await vi.waitFor(() => expect(server.of('PATCH /friends/{slot}/{user}/fields')).toHaveLength(1));
    const { values } = server.of('PATCH /friends/{slot}/{user}/fields')[0]?.body as { values: Record<string, string> };
    expect(values).toMatchObject({ size: 'b', likes: 'a;b', points: '12.5' });
    expect(values.visit).toBe(new Date(momentOf(MORNING, page.mocks.context.portal.timezone)).toISOString());
  });

  it('takes the internal value where the options cannot be had', async () => {
    detail({
      'GET /friends/{slot}/{user}': friend({
        fields: [field({ property: 'size', label: 'Size', type: 'enumeration', fieldType: 'select', value: 'old' })],
      }),
      'GET /properties/{property}/options': refused('PROVIDER_UNAVAILABLE'),
    });
    const page = open(at);
    await page.sees('Edit fields');
    page.findByTestId(Button, 'edit-fields').trigger('onClick');
    await page.r.waitFor(() => expect(page.find(Input, { name: 'size' }).props.value).toBe('old'));
  });

  it('says what is wrong with a value before HubSpot is asked', async () => {
    detail({
      'GET /friends/{slot}/{user}': friend({ fields: [field({ property: 'email', label: 'Email', value: '' })] }),
    });
    const page = open(at);
    await page.sees('Edit fields');
    page.findByTestId(Button, 'edit-fields').trigger('onClick');
    page.find(Input, { name: 'email' }).trigger('onInput', 'aiko@' as never);
    expect(page.find(Input, { name: 'email' }).props.validationMessage).toContain('name@example.com');
    expect(page.findByTestId(LoadingButton, 'save-fields').props.disabled).toBe(true);
    page.find(Input, { name: 'email' }).trigger('onInput', 'aiko@example.com' as never);
    expect(page.find(Input, { name: 'email' }).props.error).toBe(false);
    expect(page.findByTestId(LoadingButton, 'save-fields').props.disabled).toBe(false);
  });

  it('does not offer to edit what flows from HubSpot only', async () => {
    detail({
      'GET /friends/{slot}/{user}': friend({ fields: [field({ editable: false, refusal: 'FIELD_ONE_WAY' })] }),
    });
    const page = open(at);
    await page.sees('These fields flow from HubSpot or are paused.');
    expect(page.findByTestId(Button, 'edit-fields').props.disabled).toBe(true);
  });

  it('gives and takes tags', async () => {
    const server = detail({
      'GET /friends/{slot}/{user}': friend({ tags: [{ id: 'new', name: 'New' }] }),
      'POST /friends/tags': { changed: 1, unchanged: 0, missing: [], full: [] },
    });
    const page = open(at);
    await page.sees('Edit tags');
    page.findByTestId(Button, 'edit-tags').trigger('onClick');
    await page.r.waitFor(() => expect(page.find(MultiSelect).props.options).toHaveLength(2));
    page.find(MultiSelect).trigger('onChange', ['vip'] as never);
    page.findByTestId(LoadingButton, 'save-tags').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toHaveLength(1));
    expect(server.of('POST /friends/tags')[0]?.body).toMatchObject({ users: [USER], add: ['vip'], remove: ['new'] });
  });
});

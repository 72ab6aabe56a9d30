import {
  Alert,
  Button,
  Checkbox,
  EmptyState,
  Input,
  LoadingButton,
  LoadingSpinner,
  Modal,
  Select,
  StatusTag,
  Tabs,
  TextArea,
  TimeInput,
  Toggle,
  ToggleGroup,
} from '@hubspot/ui-extensions';
import type { Account, AuditEntry, Farewell, Import, ImportState } from '@lumo/screens';
import {
  account,
  check,
  fakeServer,
  may,
  NOON,
  refused,
  settingsPage,
  show,
  textsOf,
  type Replies,
} from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { changesOf, draftOf, faultsOf } from '../components/draft.ts';
import { SettingsScreen } from '../components/SettingsScreen.tsx';

const casting = { tracking: false, noWriteBack: false, price: 3, currency: 'JPY' };
const idle: ImportState = { status: 'waiting', available: true, why: null, last: null };
const imported = (more: Partial<Import> = {}): Import => ({
  id: 'i1',
  status: 'completed',
  actor: null,
  startedAt: NOON,
  endedAt: NOON,
  seen: 1200,
  added: 30,
  failed: 2,
  canceling: false,
  error: null,
  reach: null,
  ...more,
});
const farewell: Farewell = {
  state: 'connected',
  accounts: [{ slot: 1, name: 'Test shop', picture: null, state: 'active' }],
  friends: 10_000,
  mappings: 4,
  unsent: 0,
  broadcasts: [],
  inboxes: [],
  failures: 1,
  done: false,
};

function open(more: Replies = {}, place = 'accounts', language: 'en' | 'ja' = 'en', manages = true) {
  const server = fakeServer({
    'GET /settings': settingsPage(),
    'GET /accounts': { items: [account()], next: null },
    'GET /accounts/{slot}/import': idle,
    'GET /inbox': { items: [], next: null },
    'GET /accounts/{slot}/quota': { limited: true, quota: 5000, used: 1200, reserved: 0 },
    'GET /accounts/{slot}/broadcasting': casting,
    'GET /disconnect': farewell,
    'GET /audit': { items: [], next: null },
    'GET /quiet-hours': { from: 1260, to: 480, timeZone: 'Asia/Tokyo' },
    ...more,
  });
  const r = show('settings', <SettingsScreen />, language, manages);
  const sees = (text: string) =>
    r.waitFor(() => {
      const all = textsOf(r.getRootNode()).join(' | ');
      if (!all.includes(text)) throw new Error(`${text} not in: ${all}`);
    });
  const ready = async () => {
    await sees('Example Ltd');
    if (place !== 'accounts') r.find(Tabs).trigger('onSelectedChange', place as never);
  };
  return {
    r,
    server,
    sees,
    ready,
    modal: (id: string) => r.findByTestId(Button, id).props.overlay!.find(Modal),
    alerts: () => r.mocks.actions.addAlert.calls.map(([alert]) => `${alert.type}: ${alert.message}`),
  };
}
const withAccount = (more: Partial<Account>): Replies => ({ 'GET /accounts': { items: [account(more)], next: null } });

describe('Settings', () => {
  it('loads, then shows the HubSpot account and the LINE accounts', async () => {
    const { r, sees } = open();
    expect(r.find(LoadingSpinner).props.label).toBe('Loading settings');
    await sees('admin@example.com');
    await sees('Test shop');
    await sees('10,000');
    await sees('Slot 1');
  });

  it('says why it cannot be shown', async () => {
    await open({ 'GET /settings': refused('PERMISSION_DENIED') }).sees('You may not do this.');
  });

  it.each([
    ['reconnect', 'Must be reconnected'],
    ['removed', 'Lumo was disconnected from this account'],
  ] as const)('leads out of the state %s', async (state, text) => {
    const page = settingsPage();
    const { sees } = open({ 'GET /settings': { ...page, portal: { ...page.portal, state, reason: 'Token revoked' } } });
    await sees(text);
    await sees('Token revoked');
    await sees('Reconnect HubSpot');
  });

  it.each([
    ['GRANT_REFUSED', 'HubSpot no longer accepts'],
    ['UNINSTALLED', 'Lumo was uninstalled in HubSpot'],
  ])('says in words why it is not connected: %s', async (reason, text) => {
    const page = settingsPage();
    const { r, sees } = open({
      'GET /settings': { ...page, portal: { ...page.portal, state: 'reconnect', reason } },
    });
    await sees(text);
    expect(textsOf(r.getRootNode()).join()).not.toContain(reason);
  });

  it.each([
    ['en', 'your HubSpot user may not manage integrations'],
    ['ja', 'HubSpotユーザーには連携を管理する権限がありません'],
  ] as const)(
    'is read-only, with the reason, for whom HubSpot does not let manage integrations (%s)',
    async (language, text) => {
      const { r, sees, ready } = open({}, 'accounts', language, false);
      await ready();
      await sees(text);
      await sees('Test shop');
      expect(r.findByTestId(Button, 'connect-line').props.disabled).toBe(true);
      r.find(Tabs).trigger('onSelectedChange', 'options' as never);
      await sees(text);
      expect(r.find(Toggle, { name: 'method-c' }).props.readOnly).toBe(true);
      expect(r.findByTestId(LoadingButton, 'save-options').props.disabled).toBe(true);
      r.find(Tabs).trigger('onSelectedChange', 'danger' as never);
      await sees(text);
      r.find(Tabs).trigger('onSelectedChange', 'audit' as never);
      expect(textsOf(r.getRootNode()).join()).not.toContain(text);
    },
  );

  it('is in Japanese', async () => {
    const { sees } = open({}, 'accounts', 'ja');
    await sees('LINEのチャネルが有効');
    await sees('スロット1');
  });

  it('enables only what the user may do', async () => {
    const nothing = may({ manage_accounts: false, change_settings: false, disconnect: false });
    const { r, sees, ready } = open({ 'GET /settings': settingsPage({ may: nothing }) });
    await ready();
    await sees('Test shop');
    expect(r.findByTestId(Button, 'connect-line').props.disabled).toBe(true);
    expect(r.findByTestId(Button, 'disconnect-1').props.disabled).toBe(true);
    expect(r.findByTestId(LoadingButton, 'recheck').props.disabled).toBe(true);
    r.find(Tabs).trigger('onSelectedChange', 'options' as never);
    expect(r.find(Alert, { variant: 'info' }).props.title).toMatch(/^You may look/);
    expect(r.find(Toggle, { name: 'method-c' }).props.readOnly).toBe(true);
    r.find(Tabs).trigger('onSelectedChange', 'danger' as never);
    await sees('Synced properties');
    expect(r.find(Checkbox).props.readOnly).toBe(true);
  });
});

describe('LINE accounts', () => {
  it.each([
    [{ limited: true, quota: 5000, used: 1200, reserved: 0 }, '1,200 of 5,000 sent, 3,800 left', false],
    [{ limited: true, quota: 200, used: 230, reserved: 0 }, '230 of 200 sent, 0 left', true],
    [{ limited: false, quota: null, used: 7, reserved: 0 }, '7 sent, no limit', false],
    [refused('PROVIDER_UNAVAILABLE'), 'HubSpot or LINE does not answer at the moment.', false],
  ])('tell how much of the month is used up: %#', async (answer, text, help) => {
    const { r, sees } = open({ 'GET /accounts/{slot}/quota': answer });
    await sees('Test shop');
    await sees(text);
    expect(textsOf(r.getRootNode()).includes('The LINE quota is used up')).toBe(help);
  });

  const type = (page: ReturnType<typeof open>, secret = '0123456789abcdef0123456789abcdef') => {
    page
      .modal('connect-line')
      .find(Input, { name: 'channel-id' })
      .trigger('onInput', ' 1234567890 ' as never);
    page
      .modal('connect-line')
      .find(Input, { name: 'channel-secret' })
      .trigger('onInput', secret as never);
  };

  it('begins with connecting one', async () => {
    const { r, sees } = open({ 'GET /accounts': { items: [], next: null } });
    await sees('Connect one to bring its friends into HubSpot');
    expect(r.find(EmptyState).props.title).toBe('No LINE Official Account yet');
    expect(r.findByTestId(Button, 'connect-line').props.variant).toBe('primary');
  });

  it('says what is mistyped before asking', async () => {
    const page = open();
    await page.sees('Test shop');
    type(page, 'short');
    const input = page.modal('connect-line').find(Input, { name: 'channel-secret' });
    expect(input.props.validationMessage).toBe('The channel secret has 32 digits and letters a to f.');
    expect(page.modal('connect-line').find(LoadingButton).props.disabled).toBe(true);
  });

  it('shows a line for each check, and connects at the second try', async () => {
    const failed = check({ outcome: 'fail', detail: 'invalid client_secret' });
    const page = open({ 'POST /accounts': { connected: false, account: null, checks: [failed] } });
    await page.sees('Test shop');
    type(page);
    page
      .modal('connect-line')
      .find(Checkbox)
      .trigger('onChange', true as never);
    page.modal('connect-line').find(LoadingButton).trigger('onClick');
    await page.sees('Not connected yet');
    await page.sees('Copy the channel secret again.');
    await page.sees('invalid client_secret');
    expect(page.server.of('POST /accounts')[0]?.body).toMatchObject({ channelId: '1234567890', keepPrevious: true });
    page.server.set({ 'POST /accounts': { connected: true, account: account({ slot: 2 }), checks: [check()] } });
    page.modal('connect-line').find(LoadingButton).trigger('onClick');
    await page.sees('Test shop is connected in slot 2.');
    expect(page.modal('connect-line').maybeFind(LoadingButton)).toBeNull();
    await vi.waitFor(() => expect(page.server.of('GET /accounts')).toHaveLength(2));
  });

  it('checks again and says what is left', async () => {
    const bad = [check({ outcome: 'warn' })];
    const page = open({ 'POST /accounts/{slot}/recheck': { connected: true, account: account(), checks: bad } });
    await page.sees('Test shop');
    page.r.findByTestId(LoadingButton, 'recheck').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['warning: 1 check needs your attention.']));
  });

  it('adds and removes forwarding, and says how it goes', async () => {
    const forwards = [
      {
        id: 'f1',
        url: 'https://a.example/hook',
        addedAt: NOON,
        lastAt: null,
        lastCode: null,
        lastStatus: null,
        failures: 0,
      },
      {
        id: 'f2',
        url: 'https://b.example/hook',
        addedAt: NOON,
        lastAt: NOON,
        lastCode: 'STATUS',
        lastStatus: 500,
        failures: 3,
      },
    ];
    const page = open({
      ...withAccount({ forwards }),
      'POST /accounts/{slot}/forwards': refused('FORWARD_REFUSED', 'private address', { field: 'url' }),
      'DELETE /accounts/{slot}/forwards/{forward}': account(),
    });
    await page.sees('Nothing sent yet');
    await page.sees('Answered with 500, 3 times in a row');
    page.r.find(Input, { name: 'forward-1' }).trigger('onInput', 'https://10.0.0.1' as never);
    page.r.findByTestId(LoadingButton, 'forward-add-1').trigger('onClick');
    await page.sees('private address');
    expect(page.r.find(Input, { name: 'forward-1' }).props.error).toBe(true);
    page.modal('forward-remove-f2').find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: Forwarding ended.']));
    expect(page.server.of('DELETE /accounts/{slot}/forwards/{forward}')[0]?.path).toEqual(['1', 'f2']);
  });

  it('recreates a property that was deleted in HubSpot', async () => {
    const property = { key: 'tags', name: 'line_tags', adopted: false, instead: null, reason: null };
    const page = open({
      ...withAccount({
        properties: [
          { ...property, status: 'deleted' },
          { ...property, key: 'x', name: 'line_x', status: 'retyped' },
        ],
      }),
      'POST /accounts/{slot}/properties/{key}/recreate': account(),
    });
    await page.sees('Deleted in HubSpot');
    expect(page.r.maybeFindByTestId(LoadingButton, 'recreate-x')).toBeNull();
    page.r.findByTestId(LoadingButton, 'recreate-tags').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: line_tags is back in HubSpot.']));
  });

  it('says what disconnecting means, then does it', async () => {
    const page = open({ 'POST /accounts/{slot}/disconnect': account({ state: 'disconnected' }) });
    await page.sees('10,000 friends are no longer updated');
    await page.sees('Slot 1 stays reserved');
    page.server.set(withAccount({ state: 'disconnected', disconnectedAt: NOON }));
    page.modal('disconnect-1').find(LoadingButton).trigger('onClick');
    await page.r.waitFor(() => expect(page.r.findAll(StatusTag).map(({ text }) => text)).toContain('Disconnected'));
    expect(page.alerts()).toEqual(['success: Test shop is disconnected.']);
    expect(page.r.maybeFindByTestId(Button, 'disconnect-1')).toBeNull();
  });
});

describe('the import of friends', () => {
  it('is not offered where LINE does not allow it', async () => {
    const { r, sees } = open({
      'GET /accounts/{slot}/import': { ...idle, available: false, why: 'LINE_NOT_VERIFIED' },
    });
    await sees('LINE names the friends only of verified');
    expect(r.findByTestId(Button, 'import-1').props.disabled).toBe(true);
  });

  it('starts, shows how far it is, and can be canceled', async () => {
    const running: ImportState = {
      ...idle,
      status: 'processing',
      last: imported({ status: 'processing', endedAt: null }),
    };
    const page = open({
      'POST /accounts/{slot}/import': { started: true, import: null },
      'DELETE /accounts/{slot}/import': { ...running, last: imported({ canceling: true }) },
    });
    await page.sees('Not imported yet.');
    page.server.set({ 'GET /accounts/{slot}/import': running });
    page.modal('import-1').find(LoadingButton).trigger('onClick');
    await page.sees('1,200 seen, 30 new, 2 failed');
    page.server.set({ 'GET /accounts/{slot}/import': { ...running, last: imported({ canceling: true }) } });
    page.modal('import-cancel-1').find(LoadingButton).trigger('onClick');
    await page.sees('The import is being canceled.');
  });

  it('says how many of the friends that LINE counts it reached, and why not all', async () => {
    const completed = (seen: number): Replies => ({
      'GET /accounts/{slot}/import': {
        ...idle,
        status: 'completed',
        last: imported({ seen, reach: { friends: 1500, day: NOON } }),
      },
    });
    const some = open(completed(1200));
    await some.sees('That is 80% of the 1,500 friends that LINE counted on');
    await some.sees('The others appear when they follow or write.');
    // LINE counts once a day, so an import may find more.
    const all = open(completed(1600), 'accounts', 'ja');
    await all.sees('1,500人の100%');
    expect(textsOf(all.r.getRootNode()).join()).not.toContain('同意している人だけ');
  });

  it('says why it failed', async () => {
    const last = imported({ status: 'failed', error: { code: 'LINE_UNAVAILABLE', message: 'x' } });
    await open({ 'GET /accounts/{slot}/import': { ...idle, status: 'failed', last } }).sees('LINE did not answer.');
  });
});

describe('options', () => {
  it('sends only what was changed, and says that it is saved', async () => {
    const after = settingsPage();
    after.settings = {
      ...after.settings,
      contactPolicy: 'always',
      tagsTwoWay: true,
      alertEmails: ['a@example.com'],
      language: 'ja',
    };
    const page = open({ 'PATCH /settings': after }, 'options');
    await page.ready();
    expect(page.r.findByTestId(LoadingButton, 'save-options').props.disabled).toBe(true);
    page.r.find(ToggleGroup).trigger('onChange', 'always' as never);
    page.r.find(Toggle, { name: 'tags-two-way' }).trigger('onChange', true as never);
    page.r.find(TextArea).trigger('onInput', 'a@example.com, ' as never);
    page.r.find(Select, { name: 'language' }).trigger('onChange', 'ja' as never);
    await page.sees('4 unsaved changes');
    page.r.findByTestId(LoadingButton, 'save-options').trigger('onClick');
    await page.r.waitFor(() => expect(page.r.find(Alert, { variant: 'success' }).props.title).toBe('Settings saved.'));
    const { requestId, ...sent } = page.server.of('PATCH /settings')[0]?.body ?? {};
    expect(requestId).toBeTruthy();
    expect(sent).toEqual({ contactPolicy: 'always', tagsTwoWay: true, alertEmails: ['a@example.com'], language: 'ja' });
  });

  it('marks the field that the server refuses, and can be discarded', async () => {
    const page = open({ 'PATCH /settings': refused('INVALID_INPUT', 'No.', { field: 'timeZone' }) }, 'options');
    await page.ready();
    const zone = () => page.r.find(Select, { name: 'time-zone' });
    expect(zone().props.value).toBe('hubspot');
    zone().trigger('onChange', 'Asia/Tokyo' as never);
    expect(zone().props.value).toBe('Asia/Tokyo');
    page.r.findByTestId(LoadingButton, 'save-options').trigger('onClick');
    await page.r.waitFor(() => expect(zone().props.error).toBe(true));
    expect(page.server.of('PATCH /settings')[0]?.body).toMatchObject({ timeZone: 'Asia/Tokyo' });
    page.r.findByTestId(Button, 'reset-options').trigger('onClick');
    expect(zone().props.value).toBe('hubspot');
  });

  it('offers every time zone by its name, and goes back to that of HubSpot', async () => {
    const now = settingsPage();
    const page = open(
      {
        'GET /settings': { ...now, settings: { ...now.settings, timeZone: 'Old/Place' } },
        'PATCH /settings': refused('INVALID_INPUT'),
      },
      'options',
    );
    await page.ready();
    const zone = page.r.find(Select, { name: 'time-zone' });
    const names = zone.props.options?.map(({ value }) => value) ?? [];
    expect(names).toEqual(
      expect.arrayContaining(['UTC', 'Asia/Tokyo', 'Asia/Jakarta', 'America/New_York', 'Old/Place']),
    );
    expect(new Set(names).size).toBe(names.length);
    zone.trigger('onChange', 'hubspot' as never);
    page.r.findByTestId(LoadingButton, 'save-options').trigger('onClick');
    await page.r.waitFor(() => expect(page.server.of('PATCH /settings')[0]?.body).toMatchObject({ timeZone: '' }));
  });

  it.each([
    ['syncIntervalMinutes', '4'],
    ['syncIntervalMinutes', '1441'],
    ['syncIntervalMinutes', '5.5'],
    ['syncIntervalMinutes', ''],
    ['alertEmails', 'nobody'],
    ['alertEmails', Array.from({ length: 11 }, (_, i) => `a${i}@example.com`).join('\n')],
  ] as const)('does not send %s: %s', (name, value) => {
    expect(faultsOf({ ...draftOf(settingsPage().settings), [name]: value })).toEqual([name]);
  });

  it('sees no change in what is the same', () => {
    const { settings } = settingsPage();
    expect(changesOf(settings, { ...draftOf(settings), alertEmails: ' \n', syncIntervalMinutes: ' 15' })).toEqual({});
  });
});

describe('broadcasts of an account', () => {
  it('are set: counting, what contacts learn, the price', async () => {
    const page = open({ 'PUT /accounts/{slot}/broadcasting': { ...casting, tracking: true } });
    await page.r.waitFor(() => page.r.findByTestId(LoadingButton, 'save-broadcasting'));
    const save = () => page.r.findByTestId(LoadingButton, 'save-broadcasting');
    expect(page.r.find(Toggle, { name: 'casts-write' }).props.checked).toBe(true);
    expect(save().props.disabled).toBe(true);
    page.r.find(Toggle, { name: 'casts-tracking' }).trigger('onChange', true as never);
    page.r.find(Toggle, { name: 'casts-write' }).trigger('onChange', false as never);
    page.r.find(Input, { name: 'casts-currency' }).trigger('onInput', 'far too long' as never);
    expect(save().props.disabled).toBe(true);
    page.r.find(Input, { name: 'casts-currency' }).trigger('onInput', 'EUR' as never);
    save().trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: Settings of broadcasts saved.']));
    expect(page.server.of('PUT /accounts/{slot}/broadcasting')[0]?.body).toMatchObject({
      tracking: true,
      noWriteBack: true,
      price: 3,
      currency: 'EUR',
    });
  });

  it('stay as they are when they cannot be saved, and are only looked at by who may not change them', async () => {
    const page = open({ 'PUT /accounts/{slot}/broadcasting': refused('PERMISSION_DENIED') }, 'accounts', 'ja');
    await page.sees('1通あたりの価格');
    page.r.find(Toggle, { name: 'casts-tracking' }).trigger('onChange', true as never);
    page.r.findByTestId(LoadingButton, 'save-broadcasting').trigger('onClick');
    await vi.waitFor(() => expect(page.server.of('PUT /accounts/{slot}/broadcasting')).toHaveLength(1));
    expect(page.alerts()).toEqual([]);
    const denied = open({ 'GET /settings': settingsPage({ may: may({ manage_accounts: false }) }) });
    await denied.r.waitFor(() => expect(denied.r.find(Toggle, { name: 'casts-tracking' }).props.readOnly).toBe(true));
  });
});

describe('quiet hours', () => {
  const opened = async (more: Replies = {}, language: 'en' | 'ja' = 'en') => {
    const page = open(more, 'options', language);
    await page.ready();
    await page.r.waitFor(() => page.r.findByTestId(LoadingButton, 'save-quiet-hours'));
    const time = (name: string) => page.r.find(TimeInput, { name });
    return { ...page, time, save: () => page.r.findByTestId(LoadingButton, 'save-quiet-hours') };
  };

  it('are shown in the time zone of the account, and changed', async () => {
    const page = await opened({ 'PUT /quiet-hours': { from: 1350, to: 480, timeZone: 'Asia/Tokyo' } });
    await page.sees('Quiet hours');
    expect(page.time('quiet-from').props).toMatchObject({
      label: 'From (Asia/Tokyo)',
      value: { hours: 21, minutes: 0 },
    });
    expect(page.time('quiet-to').props.value).toEqual({ hours: 8, minutes: 0 });
    expect(page.save().props.disabled).toBe(true);
    page.time('quiet-from').trigger('onChange', { hours: 22, minutes: 30 } as never);
    page.save().trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: Quiet hours saved.']));
    expect(page.server.of('PUT /quiet-hours')[0]?.body).toMatchObject({ from: 1350, to: 480 });
  });

  it('are switched off and on', async () => {
    const off = { from: 0, to: 0, timeZone: 'Asia/Tokyo' };
    const page = await opened({ 'GET /quiet-hours': off, 'PUT /quiet-hours': refused('INVALID_INPUT') }, 'ja');
    await page.sees('送信を控える時間帯');
    const toggle = () => page.r.find(Toggle, { name: 'quiet-on' });
    expect(toggle().props.checked).toBe(false);
    expect(page.r.findAll(TimeInput)).toEqual([]);
    toggle().trigger('onChange', true as never);
    expect(page.time('quiet-from').props.value).toEqual({ hours: 21, minutes: 0 });
    page.time('quiet-to').trigger('onChange', { hours: 21, minutes: 0 } as never);
    expect(page.save().props.disabled).toBe(true);
    page.time('quiet-to').trigger('onChange', { hours: 7, minutes: 0 } as never);
    page.save().trigger('onClick');
    await vi.waitFor(() => expect(page.server.of('PUT /quiet-hours')[0]?.body).toMatchObject({ from: 1260, to: 420 }));
    toggle().trigger('onChange', false as never);
    expect(page.save().props.disabled).toBe(true);
  });

  it('stay as they are for who may not change settings', async () => {
    const page = await opened({ 'GET /settings': settingsPage({ may: may({ change_settings: false }) }) });
    expect(page.r.find(Toggle, { name: 'quiet-on' }).props.readOnly).toBe(true);
    expect(page.time('quiet-from').props.readOnly).toBe(true);
    expect(page.save().props.disabled).toBe(true);
  });
});

describe('the activity log', () => {
  it('is empty at first', async () => {
    const page = open({}, 'audit');
    await page.ready();
    await page.sees('Nothing was changed yet');
  });

  it('says who changed what', async () => {
    const entry: AuditEntry = {
      id: 'a1',
      at: NOON,
      userId: 7,
      email: 'a@example.com',
      action: 'settings_changed',
      subject: null,
      changes: [{ field: 'language', old: '', new: 'ja' }],
    };
    const items = [entry, { ...entry, id: 'a2', userId: null, email: null, action: 'made_later', changes: [] }];
    const page = open({ 'GET /audit': { items, next: 'more' } }, 'audit');
    await page.ready();
    await page.sees('Settings changed');
    await page.sees('language: (empty) → ja');
    await page.sees('made_later');
    expect(page.server.of('GET /audit')[0]?.query).toEqual({ limit: '20' });
  });
});

describe('disconnecting Lumo', () => {
  it('says what it means, asks twice, and tells how to come back', async () => {
    const page = open(
      {
        'GET /disconnect': { ...farewell, unsent: 12 },
        'POST /disconnect': { ...farewell, state: 'removed', done: true },
      },
      'danger',
    );
    await page.ready();
    await page.sees('Wait until the sync is done');
    await page.sees('12');
    expect(page.r.findByTestId(Button, 'disconnect-lumo').props.disabled).toBe(true);
    page.r.find(Checkbox, { name: 'understand' }).trigger('onChange', true as never);
    page.modal('disconnect-lumo').find(LoadingButton).trigger('onClick');
    await page.sees('Lumo is disconnected');
    expect(page.server.of('POST /disconnect')[0]?.body).toMatchObject({ confirm: true });
  });

  it('names the accounts whose inbox sync stops, and what becomes of workflows', async () => {
    const page = open({ 'GET /disconnect': { ...farewell, inboxes: [{ slot: 2, name: 'Umi Fish' }] } }, 'danger');
    await page.ready();
    await page.sees('Inbox sync that stops');
    await page.sees('Umi Fish');
    await page.sees('each such step fails at once');
  });

  it('lists the broadcasts that will not be sent', async () => {
    const casts = [
      { slot: 1, id: 'a', name: 'Spring', status: 'scheduled', sendAt: NOON },
      { slot: 1, id: 'b', name: 'Now', status: 'sending', sendAt: null },
    ] as const;
    const page = open({ 'GET /disconnect': { ...farewell, broadcasts: [...casts] } }, 'danger');
    await page.ready();
    await page.sees('Spring, scheduled for Nov');
    await page.sees('goes back to draft');
    await page.sees('Now, being sent: stops where it is');
  });

  it('stays when it fails', async () => {
    const page = open({ 'POST /disconnect': refused('PROVIDER_UNAVAILABLE') }, 'danger');
    await page.ready();
    await page.sees('Synced properties');
    page.modal('disconnect-lumo').find(LoadingButton).trigger('onClick');
    await page.sees('HubSpot or LINE does not answer');
    await page.sees('Disconnect Lumo');
  });
});

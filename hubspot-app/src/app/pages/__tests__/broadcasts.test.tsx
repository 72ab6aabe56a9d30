import {
  Button,
  Input,
  LoadingButton,
  Modal,
  NumberInput,
  ProgressBar,
  SearchInput,
  Select,
  TextArea,
} from '@hubspot/ui-extensions';
import type { Broadcast } from '@lumo/screens';
import {
  account,
  broadcast,
  broadcastReview,
  fakeServer,
  friend,
  may,
  NOON,
  refused,
  settingsPage,
  template,
  type Replies,
} from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const PATH = '/broadcasts/1/cast1';
const AT = { params: { slot: '1', broadcast: 'cast1' } };

const serve = (items: Broadcast[], more: Replies = {}) =>
  fakeServer({
    'GET /accounts': { items: [account()], next: null },
    'GET /settings': settingsPage(),
    'GET /mappings': { items: [], max: 100 },
    'GET /broadcasts': { items, next: null },
    'GET /broadcasts/{slot}/{broadcast}': items[0] ?? broadcast(),
    'GET /accounts/{slot}/broadcasting': { tracking: true, noWriteBack: false, price: 3, currency: 'JPY' },
    'POST /broadcasts/estimate': { recipients: 900, blocked: 12, linked: 700, notFriends: 0 },
    'GET /accounts/{slot}/quota': { limited: true, quota: 1000, used: 50, reserved: 30 },
    ...more,
  });

const gone = broadcast({
  status: 'sent',
  frozenAt: NOON,
  startedAt: NOON,
  endedAt: NOON,
  recipients: 900,
  sent: 890,
  refused: { LINE_UNKNOWN_RECIPIENT: 10 },
  tracking: 'personal',
});
const heldOf = (more: Partial<Broadcast> = {}) =>
  broadcast({
    status: 'held',
    frozenAt: NOON,
    recipients: 900,
    left: 900,
    hold: { reason: 'quota', need: 900, remaining: 300 },
    ...more,
  });

describe('Broadcasts', () => {
  it('lists them with what their status means, and asks for those of one status', async () => {
    const server = serve([
      broadcast(),
      { ...gone, id: 's' },
      heldOf({ id: 'h' }),
      heldOf({ id: 'a', hold: { reason: 'audience', remaining: 0, code: 'AUDIENCE_UNUSABLE' } }),
    ]);
    const page = open('/broadcasts');
    await page.sees('Spring 🌸 | Draft');
    await page.sees(/Spring 🌸 \| Sent \| .*2026.* \| 900 \| 890/);
    await page.sees('Held: quota');
    await page.sees('Needs attention');
    const choose = (status: string) => page.find(Select, { name: 'status' }).trigger('onChange', status as never);
    server.set({ 'GET /broadcasts': { items: [], next: null } });
    choose('scheduled');
    await page.sees('None of this status here');
    expect(server.of('GET /broadcasts').at(-1)?.query).toMatchObject({ slot: '1', status: 'scheduled' });
    server.set({ 'GET /broadcasts': { items: [heldOf({ id: 'h', name: 'Waits for quota' })], next: 'more' } });
    choose('attention');
    await vi.waitFor(() => expect(server.of('GET /broadcasts').at(-1)?.query).toMatchObject({ status: 'held' }));
    choose('held');
    await page.sees('Waits for quota');
  });

  it('begins a draft', async () => {
    serve([], { 'POST /broadcasts': broadcast({ id: 'made' }) });
    const page = open('/broadcasts');
    await page.sees('No broadcasts yet');
    await page.waitFor(() => expect(page.findByTestId(Button, 'create-broadcast').props.disabled).toBe(false));
    page.findByTestId(Button, 'create-broadcast').trigger('onClick');
    await vi.waitFor(() => expect(page.went()).toEqual(['/broadcasts/1/made']));
  });

  it('offers nothing to who may not send', async () => {
    serve([broadcast()], { 'GET /settings': settingsPage({ may: may({ send_messages: false }) }) });
    const list = open('/broadcasts');
    await list.sees('Spring 🌸');
    expect(list.findByTestId(Button, 'create-broadcast').props.disabled).toBe(true);
    expect(list.findByTestId(Button, 'delete-cast1').props.disabled).toBe(true);
    const page = open(PATH, AT);
    await page.sees('needs the right to send messages');
    expect(page.find(TextArea).props.readOnly).toBe(true);
  });

  it('copies the whole, whose message the table does not have', async () => {
    const server = serve([broadcast({ bubbles: [] })], {
      'GET /broadcasts/{slot}/{broadcast}': broadcast(),
      'POST /broadcasts': broadcast({ id: 'made' }),
    });
    const page = open('/broadcasts');
    await page.waitFor(() => expect(page.findByTestId(Button, 'copy-cast1').props.disabled).toBe(false));
    page.findByTestId(Button, 'copy-cast1').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “Spring 🌸 (copy)” is a new draft.']));
    expect(server.of('POST /broadcasts')[0]?.body).toMatchObject({ bubbles: broadcast().bubbles });
  });

  it('takes a scheduled one back', async () => {
    serve([broadcast({ status: 'scheduled', sendAt: NOON })], {
      'POST /broadcasts/{slot}/{broadcast}/cancel': broadcast(),
    });
    const page = open('/broadcasts');
    await page.waitFor(() => expect(page.findByTestId(Button, 'cancel-cast1').props.disabled).toBe(false));
    page.findByTestId(Button, 'cancel-cast1').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “Spring 🌸” is a draft again. Nothing was sent.']));
  });
});

describe('The composer', () => {
  const compose = async (more: Replies = {}) => {
    const server = serve([broadcast()], {
      'PUT /broadcasts/{slot}/{broadcast}': broadcast(),
      'POST /broadcasts/{slot}/{broadcast}/review': broadcastReview(),
      ...more,
    });
    const page = open(PATH, AT);
    await page.waitFor(() => page.findByTestId(Button, 'add-text'));
    return { server, page };
  };

  it('writes bubbles with merge fields that have a fallback, then reviews what was saved', async () => {
    const { server, page } = await compose();
    await page.sees('Preview: Hello you');
    await page.sees('Estimated recipients | 900 | Messages left in the plan | 920 | Estimated cost | 2,700 JPY');
    expect(page.findByTestId(Button, 'merge-0').props.disabled).toBe(true);
    page.find(Input, { name: 'bubble-0-fallback' }).trigger('onInput', 'friend' as never);
    page.findByTestId(Button, 'merge-0').trigger('onClick');
    page.findByTestId(Button, 'add-sticker').trigger('onClick');
    page.find(Input, { name: 'bubble-1-packageId' }).trigger('onInput', '446' as never);
    page.findByTestId(Button, 'up-1').trigger('onClick');
    page.findByTestId(LoadingButton, 'review-draft').trigger('onClick');
    await page.sees('Estimated recipients | 900');
    await page.sees('Estimated cost: 2,700 JPY');
    expect(server.of('PUT /broadcasts/{slot}/{broadcast}')[0]?.body).toMatchObject({
      bubbles: [
        { kind: 'sticker', packageId: '446' },
        { kind: 'text', text: 'Hello {{line.name|you}}{{line.name|friend}}' },
      ],
    });
  });

  it('takes the bubbles of a template, where there is room', async () => {
    const bubbles = [
      { kind: 'text' as const, text: 'Hello' },
      { kind: 'sticker' as const, packageId: '446', stickerId: '1988' },
    ];
    const { server, page } = await compose({
      'GET /templates': { items: [template()], next: null },
      'GET /templates/{slot}/{template}': template({ bubbles }),
    });
    const pick = async () => {
      page.findByTestId(Button, 'use-template').trigger('onClick');
      await page.waitFor(() => page.find(Select, { name: 'use-template-choice' }));
      page.find(Select, { name: 'use-template-choice' }).trigger('onChange', 'tpl1' as never);
      await page.waitFor(() => expect(page.maybeFind(Select, { name: 'use-template-choice' })).toBeNull());
    };
    await pick();
    await page.sees('Bubble 3: Sticker');
    await pick();
    await page.sees('Bubble 5: Sticker');
    expect(page.maybeFindByTestId(Button, 'use-template')).toBeNull();
    page.findByTestId(Button, 'remove-4').trigger('onClick');
    await page.waitFor(() => page.findByTestId(Button, 'use-template'));
    await pick();
    await page.sees('The template does not fit');
    page.findByTestId(LoadingButton, 'save-draft').trigger('onClick');
    await vi.waitFor(() =>
      expect(server.of('PUT /broadcasts/{slot}/{broadcast}')[0]?.body?.bubbles).toEqual([
        ...(broadcast().bubbles ?? []),
        ...bubbles,
        bubbles[0],
      ]),
    );
  });

  it('says beside the bubble what LINE would refuse, and does not offer to send it', async () => {
    const { page } = await compose({
      'POST /broadcasts/{slot}/{broadcast}/review': broadcastReview({
        ok: false,
        problems: [{ code: 'BUBBLE_EMPTY', place: 'bubbles[0].text', message: 'Missing.' }],
      }),
    });
    page.findByTestId(LoadingButton, 'review-draft').trigger('onClick');
    await page.sees('Something in this bubble is still empty. Fill it in or remove the bubble.');
    expect(page.maybeFindByTestId(Button, 'confirm-broadcast')).toBeNull();
  });

  it('sends when asked twice, and warns before when the quota is too small', async () => {
    const { server, page } = await compose({
      'POST /broadcasts/{slot}/{broadcast}/review': broadcastReview({ enough: false, remaining: 300 }),
      'POST /broadcasts/{slot}/{broadcast}/confirm': heldOf(),
    });
    page.findByTestId(LoadingButton, 'review-draft').trigger('onClick');
    await page.sees('The quota is too small by 600 messages.');
    server.set({ 'GET /broadcasts/{slot}/{broadcast}': heldOf() });
    page.findByTestId(Button, 'confirm-broadcast').props.overlay!.find(Modal).find(LoadingButton).trigger('onClick');
    await page.sees('Held: the quota is too small');
    expect(server.of('POST /broadcasts/{slot}/{broadcast}/confirm')[0]?.body).toMatchObject({ sendAt: 0 });
  });

  it('writes cards that fit together, and shows them as a phone would', async () => {
    const { server, page } = await compose();
    const type = (name: string, text: string) => page.find(Input, { name }).trigger('onInput', text as never);
    page.findByTestId(Button, 'add-card').trigger('onClick');
    type('bubble-1-altText', 'Our teas');
    page.find(TextArea, { name: 'bubble-1-card-0-text' }).trigger('onInput', '新茶 {{line.name|you}}' as never);
    type('bubble-1-card-0-button-0-label', 'Order');
    type('bubble-1-card-0-button-0-uri', 'example.com');
    await page.sees('This address cannot be used.');
    type('bubble-1-card-0-button-0-uri', 'https://example.com/tea');
    page.findByTestId(Button, 'add-card-to-1').trigger('onClick');
    type('bubble-1-card-1-title', 'Second');
    await page.sees('The cards of this bubble do not fit together.');
    type('bubble-1-card-1-title', '');
    page.find(Select, { name: 'bubble-1-buttons' }).trigger('onChange', 2 as never);
    page.find(Select, { name: 'bubble-1-card-1-button-1-type' }).trigger('onChange', 'message' as never);
    await page.sees('新茶 you | Order | …');
    page.findByTestId(LoadingButton, 'save-draft').trigger('onClick');
    await vi.waitFor(() => expect(server.of('PUT /broadcasts/{slot}/{broadcast}')).toHaveLength(1));
    expect(server.of('PUT /broadcasts/{slot}/{broadcast}')[0]?.body?.bubbles).toMatchObject([
      {},
      {
        kind: 'card',
        altText: 'Our teas',
        cards: [
          {
            text: '新茶 {{line.name|you}}',
            actions: [{ type: 'uri', uri: 'https://example.com/tea' }, { type: 'uri' }],
          },
          { title: '', actions: [{ type: 'uri' }, { type: 'message', text: '' }] },
        ],
      },
    ]);
  });

  it('divides the picture of a rich message into areas, whatever its height', async () => {
    const { server, page } = await compose();
    page.findByTestId(Button, 'add-rich').trigger('onClick');
    page.find(Input, { name: 'bubble-1-area-0-uri' }).trigger('onInput', 'https://example.com/a' as never);
    page.find(Select, { name: 'bubble-1-layout' }).trigger('onChange', 'columns' as never);
    page.find(NumberInput, { name: 'bubble-1-height' }).trigger('onChange', 701 as never);
    expect(page.find(Select, { name: 'bubble-1-layout' }).props.value).toBe('columns');
    page.findByTestId(LoadingButton, 'save-draft').trigger('onClick');
    await vi.waitFor(() => expect(server.of('PUT /broadcasts/{slot}/{broadcast}')).toHaveLength(1));
    expect(server.of('PUT /broadcasts/{slot}/{broadcast}')[0]?.body?.bubbles).toMatchObject([
      {},
      {
        kind: 'rich',
        height: 701,
        areas: [
          { x: 0, y: 0, width: 520, height: 701, action: { uri: 'https://example.com/a' } },
          { x: 520, y: 0, width: 520, height: 701, action: { uri: '' } },
        ],
      },
    ]);
  });

  it('sends a test of what is on the screen to chosen friends, and tells of each', async () => {
    const [aiko, ben] = ['Aiko', 'Ben'].map((name, i) => friend({ user: `U${i}`, name }));
    const { server, page } = await compose({
      'GET /friends': { items: [aiko!, ben!], next: null },
      'GET /friends/{slot}/{user}': ({ path }) => (path[1] === 'U0' ? aiko! : ben!),
      'POST /broadcasts/{slot}/{broadcast}/preview': { messages: [{ type: 'text', text: 'Hello Aiko' }] },
      'POST /broadcasts/{slot}/{broadcast}/test': {
        items: [
          { user: 'U0', sent: true },
          { user: 'U1', sent: false, code: 'FRIEND_BLOCKED', message: 'Blocked.' },
        ],
      },
    });
    expect(page.findByTestId(LoadingButton, 'send-test').props.disabled).toBe(true);
    const add = async (name: string) => {
      page.find(SearchInput, { name: 'test-search' }).trigger('onInput', name as never);
      await page.waitFor(() => page.findByTestId(Button, 'test-add-0'));
      page.findByTestId(Button, 'test-add-0').trigger('onClick');
      await page.sees(name);
    };
    await add('Aiko');
    await add('Ben');
    page.findByTestId(Button, 'test-show-0').trigger('onClick');
    await page.sees('As Aiko gets it | Hello Aiko');
    page.find(TextArea).trigger('onInput', 'Good evening' as never);
    await page.sees('Preview | Test shop | Good evening');
    page.findByTestId(LoadingButton, 'send-test').trigger('onClick');
    await page.sees('Aiko | Sent');
    await page.sees('Ben | Not sent:');
    expect(server.of('PUT /broadcasts/{slot}/{broadcast}')[0]?.body).toMatchObject({ testUsers: ['U0', 'U1'] });
    expect(server.of('POST /broadcasts/{slot}/{broadcast}/test')[0]?.body).toMatchObject({ users: ['U0', 'U1'] });
  });

  it('keeps what was typed when it cannot be saved', async () => {
    const { page } = await compose({ 'PUT /broadcasts/{slot}/{broadcast}': refused('BUBBLES_TOO_LARGE') });
    page.find(TextArea).trigger('onInput', '長い' as never);
    page.findByTestId(LoadingButton, 'save-draft').trigger('onClick');
    await page.sees('The message as a whole is too large.');
    expect(page.find(TextArea).props.value).toBe('長い');
  });
});

describe('A broadcast that was confirmed', () => {
  it('shows its progress', async () => {
    serve([broadcast({ status: 'sending', frozenAt: NOON, startedAt: NOON, recipients: 900, sent: 500, left: 400 })]);
    const page = open(PATH, AT);
    await page.sees('500 of 900 sent');
    expect(page.find(ProgressBar).props).toMatchObject({ value: 500, maxValue: 900 });
  });

  it('shows what was measured, and calls opens probable', async () => {
    serve([gone], {
      'GET /broadcasts/{slot}/{broadcast}/results': {
        opened: 445,
        clicked: 89,
        taps: 0,
        links: [{ url: 'https://example.com/春', clicked: 89, taps: 0 }],
        hours: [{ at: NOON, opened: 400, clicked: 80, taps: 0 }],
      },
    });
    const page = open(PATH, AT);
    await page.sees('Accepted by LINE | 890 | Delivery rate 98.9%');
    await page.sees('Opened (probable) | 445 | 50% of delivered');
    await page.sees('Link | Friends who clicked | https://example.com/春 | 89');
    expect(page.texts()).not.toContain('Taps on links');
    await page.sees('10: LINE does not know this person (any more).');
  });

  it('lets people choose when it is held: some, again, or its end', async () => {
    const server = serve([heldOf()], {
      'POST /broadcasts/{slot}/{broadcast}/resume': broadcast({ status: 'sending' }),
    });
    const page = open(PATH, AT);
    await page.sees('900 messages are needed, 300 remain.');
    await page.waitFor(() => expect(page.findByTestId(Button, 'send-some').props.disabled).toBe(false));
    page.find(NumberInput).trigger('onChange', 301 as never);
    expect(page.findByTestId(Button, 'send-some').props.disabled).toBe(true);
    page.find(NumberInput).trigger('onChange', 200 as never);
    page.find(Select, { name: 'held-order' }).trigger('onChange', 'newest' as never);
    page.findByTestId(Button, 'send-some').trigger('onClick');
    await vi.waitFor(() =>
      expect(server.of('POST /broadcasts/{slot}/{broadcast}/resume')[0]?.body).toMatchObject({
        first: 200,
        order: 'newest',
      }),
    );
    expect(page.findByTestId(Button, 'end-broadcast').props.disabled).toBe(false);
  });

  it('asks a person about those of whom nobody knows', async () => {
    const server = serve([{ ...gone, status: 'partly_sent', unsure: 5 }], {
      'POST /broadcasts/{slot}/{broadcast}/settle': gone,
    });
    const page = open(PATH, AT);
    await page.sees('Of 5 recipients nobody knows whether the message arrived');
    await page.waitFor(() => expect(page.findByTestId(Button, 'settle-not').props.disabled).toBe(false));
    page.findByTestId(Button, 'settle-not').trigger('onClick');
    await vi.waitFor(() =>
      expect(server.of('POST /broadcasts/{slot}/{broadcast}/settle')[0]?.body).toMatchObject({ sent: false }),
    );
  });

  it('is the same in Japanese', async () => {
    serve([heldOf()]);
    await open(PATH, { ...AT, language: 'ja' }).sees('保留: 通数が不足しています');
  });
});

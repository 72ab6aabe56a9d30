import { Accordion, Button, Input, LoadingButton, Select, TextArea } from '@hubspot/ui-extensions';
import type { Card, FriendDetail, Message } from '@lumo/screens';
import {
  fakeServer,
  field,
  friend,
  json,
  may,
  message,
  NOON,
  ORIGIN,
  refused,
  settingsPage,
  template,
  textsOf,
  USER,
  written,
  type Replies,
  rendererFor,
} from '@lumo/screens/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CardScreen } from '../components/CardScreen.tsx';

const SEND = 'POST /friends/{slot}/{user}/messages';
const RETRY = 'POST /friends/{slot}/{user}/messages/{message}/retry';
const account = { slot: 1, name: 'Test shop', picture: null, state: 'active' } as const;

const cardOf = (messages: Message[], more: Partial<FriendDetail> = {}): Card => ({
  contactId: '501',
  state: 'linked',
  claim: null,
  friends: [friend({ messages, ...more })],
  accounts: [account],
});

function open(card: Card, more: Replies = {}, contact = 501) {
  const server = fakeServer({ 'GET /contacts/{contact}': card, 'GET /settings': settingsPage(), ...more });
  const r = rendererFor('crm.record.tab');
  r.mocks.context.variables = { API_ORIGIN: ORIGIN };
  r.mocks.context.user.language = 'en';
  r.mocks.context.crm.objectId = contact;
  r.mocks.context.crm.objectTypeId = '0-1';
  r.render(<CardScreen />);
  const texts = () => textsOf(r.getRootNode()).join(' | ');
  const sees = (text: string) =>
    r.waitFor(() => {
      if (!texts().includes(text)) throw new Error(`${text} not in: ${texts()}`);
    });
  return {
    r,
    server,
    sees,
    texts,
    box: () => r.find(TextArea, { name: 'message' }).props,
    type: async (text: string) => {
      await sees('Message to the friend in LINE');
      r.find(TextArea, { name: 'message' }).trigger('onInput', text as never);
      await r.waitFor(() => expect(r.find(TextArea, { name: 'message' }).props.value).toBe(text));
    },
    send: () => r.findByTestId(LoadingButton, 'send-message').trigger('onClick'),
    button: () => r.findByTestId(LoadingButton, 'send-message').props,
  };
}

afterEach(() => void vi.useRealTimers());

describe('writing to the friend', () => {
  it('shows the message at once, sends it and empties the box', async () => {
    let answer: (response: Response) => void = () => undefined;
    const page = open(cardOf([]), { [SEND]: () => new Promise<Response>((resolve) => (answer = resolve)) });
    await page.type('いつもありがとう 🌸');
    await page.sees('11 of 5,000 characters');
    await page.sees('Uses 1 message of your LINE plan.');
    page.send();
    await page.sees('Sending…');
    expect(page.box().readOnly).toBe(true);
    expect(page.button().loading).toBe(true);
    const asked = page.server.of(SEND)[0];
    expect(asked?.path).toEqual(['1', USER]);
    expect(asked?.body).toEqual({
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
      contact: '501',
      text: 'いつもありがとう 🌸',
    });
    const sent = written({ id: String(asked?.body?.requestId), text: 'いつもありがとう 🌸' });
    page.server.set({ 'GET /contacts/{contact}': cardOf([sent]) });
    answer(json({ ok: true, data: { message: sent } }));
    await page.sees('You (ann@acme.example)');
    await page.sees('Sent');
    await page.sees('1 message');
    await page.r.waitFor(() => expect(page.box().value).toBe(''));
    expect(page.texts().split('いつもありがとう').length).toBe(2);
  });

  it('takes a template, filled in for the friend', async () => {
    const text = 'Hello {{line.name|you}}, about {{firstname|dear}} and {{city|your town}}';
    const page = open(cardOf([], { name: 'Aiko', fields: [field({ value: '愛子' })] }), {
      'GET /templates': { items: [template()], next: null },
      'GET /templates/{slot}/{template}': template({ bubbles: [{ kind: 'text', text }] }),
    });
    await page.type('Dear customer');
    expect(page.server.of('GET /templates')).toEqual([]);
    const choose = async () => {
      page.r.findByTestId(Button, 'use-template').trigger('onClick');
      await page.r.waitFor(() => page.r.find(Select, { name: 'use-template-choice' }));
      page.r.find(Select, { name: 'use-template-choice' }).trigger('onChange', 'tpl1' as never);
    };
    await choose();
    await page.r.waitFor(() => expect(page.box().value).toBe('Dear customer\nHello Aiko, about 愛子 and your town'));
    page.server.set({ 'GET /templates/{slot}/{template}': template({ bubbles: [{ kind: 'sticker' }] }) });
    await choose();
    await page.sees('This template has no text.');
  });

  it('says when there are no templates, or none can be told', async () => {
    const page = open(cardOf([]), { 'GET /templates': { items: [], next: null } });
    await page.sees('Use a template');
    page.r.findByTestId(Button, 'use-template').trigger('onClick');
    await page.sees('No message templates yet');
    const other = open(cardOf([]), { 'GET /templates': refused('INTERNAL') });
    await other.sees('Use a template');
    other.r.findByTestId(Button, 'use-template').trigger('onClick');
    await other.sees('Lumo could not finish this.');
  });

  it('counts as LINE does and refuses what is too long or empty', async () => {
    const page = open(cardOf([]));
    await page.type('🌸'.repeat(2501));
    await page.sees('Too long by 2 characters');
    expect(page.button().disabled).toBe(true);
    await page.type('   ');
    expect(page.button().disabled).toBe(true);
    await page.type('🌸'.repeat(2500));
    expect(page.button().disabled).toBe(false);
  });

  it('sends a picture by its address', async () => {
    const page = open(cardOf([]), {
      [SEND]: { message: written({ type: 'image', text: '', image: 'https://a.example/a.png' }) },
    });
    await page.type('kept');
    page.r.findByTestId(Button, 'compose-kind').trigger('onClick');
    await page.sees('Public address of a picture');
    page.r.find(Input, { name: 'picture' }).trigger('onInput', 'http://a.example/a.png' as never);
    await page.sees('The address must begin with https://');
    expect(page.button().disabled).toBe(true);
    page.r.find(Input, { name: 'picture' }).trigger('onInput', ' https://a.example/a.png ' as never);
    await page.r.waitFor(() => expect(page.button().disabled).toBe(false));
    page.send();
    await page.sees('Open the picture');
    expect(page.server.of(SEND)[0]?.body).toMatchObject({ image: { url: 'https://a.example/a.png' } });
  });

  it('keeps the draft and the id while nobody knows what became of it', async () => {
    const page = open(cardOf([]), { [SEND]: refused('INTERNAL', 'No.', { correlationId: 'req-7' }) });
    await page.type('hello');
    page.send();
    await page.sees('req-7');
    expect(page.box().value).toBe('hello');
    expect(page.texts()).not.toContain('Sending…');
    page.server.set({ [SEND]: { message: written({ text: 'hello' }) } });
    page.send();
    await page.r.waitFor(() => expect(page.box().value).toBe(''));
    const [first, second] = page.server.of(SEND);
    expect(second?.body?.requestId).toBe(first?.body?.requestId);
    await page.type('hello');
    page.send();
    await page.r.waitFor(() => expect(page.server.of(SEND)).toHaveLength(3));
    expect(page.server.of(SEND)[2]?.body?.requestId).not.toBe(first?.body?.requestId);
  });

  it('understands that a message without an answer went out all the same', async () => {
    vi.useFakeTimers();
    const page = open(cardOf([]), { [SEND]: refused('INTERNAL') });
    await vi.advanceTimersByTimeAsync(50);
    page.r.find(TextArea, { name: 'message' }).trigger('onInput', 'hello' as never);
    await vi.advanceTimersByTimeAsync(50);
    page.send();
    await vi.advanceTimersByTimeAsync(50);
    expect(page.texts()).toContain('Lumo could not finish this.');
    const id = String(page.server.of(SEND)[0]?.body?.requestId);
    page.server.set({ 'GET /contacts/{contact}': cardOf([written({ id, text: 'hello' })]) });
    await vi.advanceTimersByTimeAsync(10_100);
    expect(page.texts()).not.toContain('Lumo could not finish this.');
    expect(page.box().value).toBe('');
    page.r.find(TextArea, { name: 'message' }).trigger('onInput', 'next' as never);
    await vi.advanceTimersByTimeAsync(50);
    expect(page.box().value).toBe('next');
  });

  it('keeps the draft when the message is refused', async () => {
    const page = open(cardOf([]), { [SEND]: refused('FRIEND_BLOCKED') });
    await page.type('hello');
    page.send();
    await page.sees('This friend blocked the account, so LINE delivers nothing.');
    await page.sees('Reach the person another way.');
    expect(page.box().value).toBe('hello');
  });

  it('keeps the draft when LINE refuses the message for good, with its words', async () => {
    const failed = written({ status: 'failed', code: 'LINE_REFUSED', reason: 'May not be empty', cost: null });
    const page = open(cardOf([]), { [SEND]: { message: failed } });
    await page.type('hello');
    page.send();
    await page.sees('LINE refused this message.');
    await page.sees('May not be empty');
    expect(page.box().value).toBe('hello');
  });
});

describe('what became of messages', () => {
  it.each([
    ['failed', 'LINE_QUOTA_USED_UP', 'Not sent', 'used up for this month', 'Try again'],
    ['unclear', 'OUTCOME_UNKNOWN', 'Perhaps not sent', 'LINE never told', 'Check with LINE and send if needed'],
  ] as const)('tries again what is %s', async (status, code, label, why, way) => {
    const failed = written({ id: 'written-7', status, code, cost: null, retry: true });
    const page = open(cardOf([failed]), { [RETRY]: { message: written({ id: 'written-7' }) } });
    for (const text of [label, why, way]) await page.sees(text);
    page.server.set({ 'GET /contacts/{contact}': cardOf([written({ id: 'written-7' })]) });
    page.r.findByTestId(LoadingButton, 'retry-written-7').trigger('onClick');
    await page.r.waitFor(() => expect(page.texts()).not.toContain(label));
    expect(page.server.of(RETRY)[0]?.path).toEqual(['1', USER, 'written-7']);
  });

  it('says why it could not be tried again', async () => {
    const failed = written({ id: 'written-7', status: 'failed', code: 'FRIEND_BLOCKED', cost: null, retry: true });
    const page = open(cardOf([failed]), { [RETRY]: refused('FRIEND_BLOCKED') });
    await page.sees('Try again');
    page.r.findByTestId(LoadingButton, 'retry-written-7').trigger('onClick');
    await page.sees('You can write again when the friend unblocks the account.');
  });

  it('offers no retry for what is final', async () => {
    const page = open(cardOf([written({ status: 'failed', code: 'LINE_UNKNOWN_RECIPIENT', cost: null })]));
    await page.sees('LINE does not know this person (any more).');
    expect(page.texts()).not.toContain('Try again');
  });

  it('looks again soon while a message is under way', async () => {
    vi.useFakeTimers();
    const { server } = open(cardOf([written({ status: 'sending', cost: null })]), {}, 777);
    // Cards of other tests go on asking for their own contact.
    const asked = () => server.of('GET /contacts/{contact}').filter(({ path }) => path[0] === '777').length;
    await vi.advanceTimersByTimeAsync(100);
    await vi.advanceTimersByTimeAsync(3_100);
    expect(asked()).toBe(2);
    server.set({ 'GET /contacts/{contact}': cardOf([written()]) });
    await vi.advanceTimersByTimeAsync(3_100);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(asked()).toBe(3);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked()).toBe(4);
  });

  it('tells kinds and what describes them', async () => {
    const page = open(
      cardOf([
        message({ id: '4', type: 'sticker', text: 'happy, hello' }),
        message({ id: '3', type: 'file', text: 'order.pdf' }),
        written({ id: 'w2', type: 'image', text: '', image: 'https://a.example/a.png' }),
        written({ id: 'w1', cost: 0, text: 'line one\nline two' }),
      ]),
    );
    for (const text of [
      'Sticker: happy, hello',
      'File: order.pdf',
      'Open the picture',
      'free reply',
      'line one | line two',
    ])
      await page.sees(text);
  });

  it('pages through all messages when asked', async () => {
    const last = Array.from({ length: 20 }, (_, n) => message({ id: `m${n}`, text: `text ${n}`, at: NOON - n }));
    const page = open(cardOf(last), {
      'GET /friends/{slot}/{user}/messages': ({ query }) =>
        query.cursor
          ? { items: [message({ id: 'old', text: 'the first' })], next: null }
          : { items: last, next: 'more' },
    });
    await page.sees('All messages');
    expect(page.server.of('GET /friends/{slot}/{user}/messages')).toHaveLength(0);
    page.r.find(Accordion, { title: 'All messages' }).trigger('onClick');
    await page.sees('text 19');
    const older = () => page.r.findAll(Button).find((one) => textsOf(one).join() === 'Older');
    await page.r.waitFor(() => expect(older()?.props.disabled).toBe(false));
    older()?.trigger('onClick');
    await page.sees('the first');
    expect(page.server.of('GET /friends/{slot}/{user}/messages').at(-1)?.query).toEqual({
      limit: '20',
      cursor: 'more',
    });
  });
});

describe('when nobody can write', () => {
  it.each([
    ['blocked', cardOf([], { follow: 'blocked' }), settingsPage(), 'the friend blocked the account'],
    [
      'disconnected',
      { ...cardOf([]), accounts: [{ ...account, state: 'disconnected' as const }] },
      settingsPage(),
      'this LINE Official Account is disconnected',
    ],
    ['not allowed', cardOf([]), settingsPage({ may: may({ send_messages: false }) }), 'You may not send messages.'],
  ])('says why: %s', async (_, card, settings, why) => {
    const page = open(card, { 'GET /settings': settings });
    await page.sees(why);
    expect(page.box().readOnly).toBe(true);
    expect(page.button().disabled).toBe(true);
  });

  it('keeps a draft while another account is looked at', async () => {
    const page = open({
      ...cardOf([]),
      friends: [friend({ messages: [] }), friend({ slot: 2, name: 'Aiko at work', messages: [] })],
      accounts: [account, { ...account, slot: 2, name: 'Second shop' }],
    });
    await page.type('half a thought');
    page.r.find(Select).trigger('onChange', 2 as never);
    await page.sees('Aiko at work');
    expect(page.box().value).toBe('');
    page.r.find(Select).trigger('onChange', 1 as never);
    await page.r.waitFor(() => expect(page.box().value).toBe('half a thought'));
  });
});

import {
  Button,
  Input,
  LoadingButton,
  Modal,
  NumberInput,
  ProgressBar,
  Select,
  TextArea,
} from '@hubspot/ui-extensions';
import type { Broadcast } from '@lumo/screens';
import {
  account,
  broadcast,
  broadcastReview,
  fakeServer,
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
  it('lists them with what their status means, and filters', async () => {
    serve([
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
    page.find(Select, { name: 'status' }).trigger('onChange', 'scheduled' as never);
    await page.sees('None of this status on this page');
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
        taps: 120,
        links: [{ url: 'https://example.com/春', clicked: 89, taps: 120 }],
        hours: [{ at: NOON, opened: 400, clicked: 80, taps: 100 }],
      },
    });
    const page = open(PATH, AT);
    await page.sees('Opened (probable) | 445 | 50% of delivered');
    await page.sees('https://example.com/春 | 89 | 120');
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

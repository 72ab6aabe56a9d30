import { Button, Input, Link, LoadingButton, Modal, SearchInput, Select, TextArea } from '@hubspot/ui-extensions';
import { account, fakeServer, may, NOON, refused, settingsPage, template, type Replies } from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const AT = { params: { slot: '1', template: 'tpl1' } };

const serve = (more: Replies = {}) =>
  fakeServer({
    'GET /accounts': { items: [account()], next: null },
    'GET /settings': settingsPage(),
    'GET /mappings': { items: [], max: 100 },
    'GET /templates': { items: [template()], next: null },
    'GET /templates/{slot}/{template}': template(),
    ...more,
  });

type Page = ReturnType<typeof open>;

/** Opens the dialog of a button. */
async function dialog(page: Page, id: string) {
  const modal = () => page.findByTestId(Button, id).props.overlay!.find(Modal);
  modal().trigger('onOpen');
  await page.r.waitFor(() => modal().find(LoadingButton));
  return modal;
}

describe('Templates', () => {
  it('lists name, what it says and who changed it last', async () => {
    serve();
    const page = open('/templates');
    await page.sees('Template | What it says | Last updated | Actions');
    await page.sees(/Welcome 🌸 \| Hello you \| .*2026.* \| by ann@acme.example/);
    page.findByTestId(Button, 'create-template').trigger('onClick');
    expect(page.went()).toEqual(['/templates/1/new']);
  });

  it('is Japanese in Japanese', async () => {
    serve();
    await open('/templates', { language: 'ja' }).sees('テンプレート | 内容 | 最終更新 | 操作');
  });

  it('says when there are none, when none matches, and when it cannot be told', async () => {
    const server = serve({ 'GET /templates': { items: [], next: null } });
    const page = open('/templates');
    await page.sees('No message templates yet');
    page.find(SearchInput).trigger('onInput', 'spring' as never);
    await page.sees('No template matches');
    await vi.waitFor(() => expect(server.of('GET /templates').at(-1)?.query).toMatchObject({ slot: '1', q: 'spring' }));
    serve({ 'GET /templates': refused('INTERNAL') });
    await open('/templates').sees('Lumo could not finish this.');
  });

  it('copies, to another account where there is one', async () => {
    const server = serve({
      'GET /accounts': { items: [account(), account({ slot: 2, name: 'Tokyo Bar' })], next: null },
      'POST /templates/{slot}/{template}/copy': refused('TOO_MANY_TEMPLATES'),
    });
    const page = open('/templates');
    await page.sees('Welcome');
    const modal = await dialog(page, 'copy-template');
    await page.r.waitFor(() => modal().find(Select));
    expect(modal().find(Input).props.value).toBe('Welcome 🌸 (copy)');
    modal()
      .find(Select)
      .trigger('onChange', 2 as never);
    modal().find(LoadingButton).trigger('onClick');
    await page.sees('This account has as many message templates as it can have.');
    server.set({
      'POST /templates/{slot}/{template}/copy': template({ id: 'tpl2', slot: 2, name: 'Welcome 🌸 (copy)' }),
    });
    modal().find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “Welcome 🌸 (copy)” was created.']));
    expect(server.of('POST /templates/{slot}/{template}/copy').at(-1)).toMatchObject({
      path: ['1', 'tpl1'],
      body: { slot: 2, name: 'Welcome 🌸 (copy)' },
    });
  });

  it('says before deleting which workflows sent it, and what nobody knows', async () => {
    const server = serve({
      'GET /templates/{slot}/{template}': template({ usedBy: [{ workflow: '501', lastAt: NOON }] }),
      'DELETE /templates/{slot}/{template}': { deleted: true },
    });
    const page = open('/templates');
    await page.sees('Welcome');
    const modal = await dialog(page, 'remove-template');
    await page.sees(/Workflows that sent it \| Workflow 501, last .*2026/);
    await page.sees('HubSpot does not tell Lumo which workflows hold a template.');
    expect(modal().find(Link).props.href).toMatchObject({
      url: expect.stringMatching(/\/workflows\/\d+\/platform\/flow\/501\/edit$/),
    });
    modal().find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “Welcome 🌸” is deleted.']));
    expect(server.of('DELETE /templates/{slot}/{template}')[0]?.path).toEqual(['1', 'tpl1']);
  });

  it('offers no change to who may not send', async () => {
    serve({ 'GET /settings': settingsPage({ may: may({ send_messages: false }) }) });
    const list = open('/templates');
    await list.sees('Welcome');
    for (const id of ['create-template', 'copy-template', 'remove-template'])
      expect(list.findByTestId(Button, id).props.disabled).toBe(true);
    const page = open('/templates/1/tpl1', AT);
    await page.sees('Changing them needs the right to send messages.');
    expect(page.find(TextArea).props.readOnly).toBe(true);
  });
});

describe('a template', () => {
  it('is written, and shows at its bubble what the server refuses', async () => {
    const server = serve({
      'POST /templates': refused('BUBBLE_MERGE_FALLBACK', 'bubbles[0].text', { field: 'bubbles[0].text' }),
    });
    const page = open('/templates/1/new', { params: { slot: '1', template: 'new' } });
    await page.sees('Enter a name, then save.');
    const save = () => page.findByTestId(LoadingButton, 'save-template');
    expect(save().props.disabled).toBe(true);
    page.find(Input, { name: 'template-name' }).trigger('onInput', 'Welcome 🌸' as never);
    page.find(TextArea).trigger('onInput', 'Hello {{line.name}}' as never);
    await page.waitFor(() => expect(save().props.disabled).toBe(false));
    save().trigger('onClick');
    await vi.waitFor(() => expect(server.of('POST /templates')).toHaveLength(1));
    await page.sees('bubbles[0].text');
    server.set({ 'POST /templates': template({ id: 'made' }) });
    save().trigger('onClick');
    await vi.waitFor(() => expect(page.went()).toEqual(['/templates/1/made']));
    expect(server.of('POST /templates').at(-1)?.body).toMatchObject({
      slot: 1,
      name: 'Welcome 🌸',
      bubbles: [{ kind: 'text', text: 'Hello {{line.name}}' }],
    });
  });

  it('is edited, and tells who sends it', async () => {
    const server = serve({
      'GET /templates/{slot}/{template}': template({ usedBy: [{ workflow: '501', lastAt: NOON }] }),
      'PUT /templates/{slot}/{template}': template({ updatedAt: NOON + 1 }),
    });
    const page = open('/templates/1/tpl1', AT);
    await page.sees('Workflows that send this template send what you save from then on.');
    await page.sees('Workflow 501');
    const save = () => page.findByTestId(LoadingButton, 'save-template');
    expect(save().props.disabled).toBe(true);
    await page.waitFor(() => page.findByTestId(Button, 'add-sticker'));
    page.findByTestId(Button, 'add-sticker').trigger('onClick');
    await page.waitFor(() => expect(save().props.disabled).toBe(false));
    save().trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “Welcome 🌸” is saved.']));
    expect(server.of('PUT /templates/{slot}/{template}')[0]).toMatchObject({
      path: ['1', 'tpl1'],
      body: { name: 'Welcome 🌸', bubbles: [{ kind: 'text' }, { kind: 'sticker' }] },
    });
  });

  it('that is gone says so', async () => {
    serve({ 'GET /templates/{slot}/{template}': refused('NO_SUCH_TEMPLATE') });
    await open('/templates/1/tpl1', AT).sees('There is no such message template.');
  });
});

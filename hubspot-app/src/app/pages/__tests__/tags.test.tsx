import { Button, Checkbox, Input, Link, LoadingButton, Modal, Select } from '@hubspot/ui-extensions';
import {
  account,
  deletedTag,
  fakeServer,
  may,
  NOON,
  refused,
  settingsPage,
  tag,
  type Replies,
} from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const two = { items: [account(), account({ slot: 2, name: 'Tokyo Bar' })], next: null };
const vip = tag({ id: 'vip', name: 'VIP', friends: 1200 });

const serve = (more: Replies = {}) =>
  fakeServer({
    'GET /accounts': two,
    'GET /settings': settingsPage(),
    'GET /tags': { items: [vip], next: null },
    'GET /deleted-tags': { items: [deletedTag({ id: 'old', name: 'Old' })], next: null },
    'GET /tags/{slot}/{tag}/uses': { items: [], next: null },
    ...more,
  });

type Page = ReturnType<typeof open>;

/** Opens the dialog of a button and answers it. */
async function dialog(page: Page, id: string) {
  const modal = () => page.findByTestId(Button, id).props.overlay!.find(Modal);
  modal().trigger('onOpen');
  await page.r.waitFor(() => modal().find(LoadingButton));
  return modal;
}

describe('Tags', () => {
  it('shows name, owner account, friend count and last update', async () => {
    serve();
    const page = open('/tags');
    await page.sees('Tag name | Owner account | Friend count | Last updated');
    await page.sees(new RegExp(`VIP \\| ${account().name} \\| 1,200 \\| .*2026`));
    await page.sees('Deleted tags');
  });

  it('is Japanese in Japanese', async () => {
    serve();
    await open('/tags', { language: 'ja' }).sees('タグ名 | 所有アカウント | 友だち数 | 最終更新');
  });

  it('says when there are none, when no account is connected, and when it cannot be told', async () => {
    serve({ 'GET /tags': { items: [], next: null } });
    await open('/tags').sees('No tags yet');
    serve({ 'GET /accounts': { items: [], next: null } });
    await open('/tags').sees('No LINE Official Account is connected');
    const server = serve({ 'GET /tags': refused('INTERNAL') });
    const page = open('/tags');
    await page.sees('Lumo could not finish this.');
    server.set({ 'GET /tags': { items: [vip], next: null } });
    page
      .findAll(Button)
      .find((b) => b.text === 'Try again')!
      .trigger('onClick');
    await page.sees('VIP');
  });

  it('shows the account of the address, and leads to another one', async () => {
    const server = serve();
    const page = open('/tags/2', { params: { slot: '2' } });
    await page.sees('VIP');
    expect(server.of('GET /tags')[0]?.query.slot).toBe('2');
    page.find(Select, { name: 'account' }).trigger('onChange', 1 as never);
    expect(page.went()).toEqual(['/tags/1']);
  });

  it('shows what is being restored or copied, without buttons, and does not count large accounts', async () => {
    serve({
      'GET /tags': {
        items: [tag({ id: 'a', name: 'A', state: 'restoring' }), tag({ id: 'b', name: 'B', friends: null })],
        next: null,
      },
    });
    const page = open('/tags');
    await page.sees('Being restored');
    await page.sees('not counted');
    expect(page.findAll(Button).filter((b) => b.props.testId === 'rename-tag')).toHaveLength(1);
  });

  it('renames, and says what is wrong with a name before the server is asked', async () => {
    const server = serve({ 'PATCH /tags/{slot}/{tag}': refused('NAME_TAKEN') });
    const page = open('/tags');
    await page.sees('VIP');
    const modal = await dialog(page, 'rename-tag');
    const go = () => modal().find(LoadingButton);
    expect(go().props.disabled).toBe(true);
    for (const [typed, wrong] of [
      ['x'.repeat(101), 'The name has 101 characters'],
      ['a\u0007b', 'without control characters'],
    ] as const) {
      modal()
        .find(Input)
        .trigger('onInput', typed as never);
      await page.r.waitFor(() => expect(modal().find(Input).props.validationMessage).toContain(wrong));
      expect(go().props.disabled).toBe(true);
    }
    modal()
      .find(Input)
      .trigger('onInput', ' お得意様 ' as never);
    await page.r.waitFor(() => expect(go().props.disabled).toBe(false));
    go().trigger('onClick');
    await page.r.waitFor(() =>
      expect(modal().find(Input).props.validationMessage).toBe('There is a tag of this name already.'),
    );
    server.set({ 'PATCH /tags/{slot}/{tag}': { tag: tag({ name: 'お得意様' }), offered: true } });
    go().trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: The tag is now called “お得意様”.']));
    expect(server.of('PATCH /tags/{slot}/{tag}').at(-1)).toMatchObject({
      path: ['1', 'vip'],
      body: { name: 'お得意様' },
    });
  });

  it('lists where a tag is used before it is deleted', async () => {
    const server = serve({
      'GET /tags/{slot}/{tag}/uses': {
        items: [
          { kind: 'broadcast', id: '1', name: 'Spring', status: 'draft', lastAt: null },
          { kind: 'segment', id: '2', name: 'Buyers', status: null, lastAt: null },
          { kind: 'workflow', id: '501', name: '501', status: null, lastAt: NOON },
        ],
        next: null,
      },
      'DELETE /tags/{slot}/{tag}': deletedTag({ working: true }),
    });
    const page = open('/tags');
    await page.sees('VIP');
    expect(server.of('GET /tags/{slot}/{tag}/uses')).toEqual([]);
    const modal = await dialog(page, 'remove-tag');
    await page.sees('The tag is removed from 1,200 friends, here and in HubSpot.');
    await page.sees(/Broadcast “Spring” \(draft\) \| Segment “Buyers” \| Workflow 501, last .*2026/);
    await page.sees('HubSpot does not tell Lumo which workflows use a tag.');
    expect(modal().find(Link).props.href).toMatchObject({ external: true });
    modal().find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()[0]).toContain('“VIP” is deleted'));
    expect(server.of('DELETE /tags/{slot}/{tag}')[0]?.path).toEqual(['1', 'vip']);
  });

  it('says that nothing uses it, or why that cannot be told', async () => {
    const server = serve();
    const page = open('/tags');
    await page.sees('VIP');
    await dialog(page, 'remove-tag');
    await page.sees('No broadcast or segment uses it, and no workflow did in the last 90 days.');
    await page.sees('HubSpot does not tell Lumo which workflows use a tag.');
    server.set({ 'GET /tags/{slot}/{tag}/uses': refused('NO_SUCH_TAG') });
    const other = open('/tags');
    await other.sees('VIP');
    await dialog(other, 'remove-tag');
    await other.sees('This tag does not exist any more.');
  });

  it('copies to another account, with or without its people', async () => {
    const copied = { tag: tag({ slot: 2, name: 'VIP', state: 'copying' }), offered: true } as const;
    const server = serve({ 'POST /tags/{slot}/{tag}/copy': copied });
    const page = open('/tags');
    await page.sees('VIP');
    const modal = await dialog(page, 'copy-tag');
    modal().find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “VIP” is being copied to Tokyo Bar.']));
    expect(server.of('POST /tags/{slot}/{tag}/copy')[0]?.body).toMatchObject({ to: 2, name: 'VIP', people: true });
    modal()
      .find(Checkbox)
      .trigger('onChange', false as never);
    server.set({ 'POST /tags/{slot}/{tag}/copy': { ...copied, tag: tag({ slot: 2, name: 'VIP' }) } });
    await page.r.waitFor(() => expect(modal().find(Checkbox).props.checked).toBe(false));
    modal().find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()[1]).toBe('success: “VIP” was copied to Tokyo Bar.'));
  });

  it('has nowhere to copy to with one account', async () => {
    serve({ 'GET /accounts': { items: [account()], next: null } });
    const page = open('/tags');
    await page.sees('VIP');
    expect(page.findAll(Button).some((b) => b.props.testId === 'copy-tag')).toBe(false);
  });

  it('offers no change to those who may not', async () => {
    serve({ 'GET /settings': settingsPage({ may: may({ edit_friends: false }) }) });
    const page = open('/tags');
    await page.sees('VIP');
    for (const id of ['create-tag', 'rename-tag', 'copy-tag', 'remove-tag'])
      expect(page.findByTestId(Button, id).props.disabled).toBe(true);
  });
});

describe('deleted tags', () => {
  it('are shown with who deleted them and until when they can be restored', async () => {
    serve();
    const page = open('/tags/1/deleted', { params: { slot: '1' } });
    await page.sees(/Old \| .* \| 3 \| .*2026.* \| by ann@acme.example \| .*2026/);
    await page.sees('Back to tags');
  });

  it('say when there are none, and that friends are still losing one', async () => {
    const server = serve({ 'GET /deleted-tags': { items: [], next: null } });
    await open('/tags/1/deleted', { params: { slot: '1' } }).sees('No deleted tags');
    server.set({ 'GET /deleted-tags': { items: [deletedTag({ friends: null, working: true })], next: null } });
    await open('/tags/1/deleted', { params: { slot: '1' } }).sees('Being removed from friends');
  });

  it('are restored, under another name where the old one is taken', async () => {
    const server = serve({ 'POST /tags/{slot}/{tag}/restore': refused('NAME_TAKEN') });
    const page = open('/tags/1/deleted', { params: { slot: '1' } });
    await page.sees('Old');
    const modal = await dialog(page, 'restore-tag');
    await page.sees('3 friends had this tag.');
    modal().find(LoadingButton).trigger('onClick');
    await page.r.waitFor(() =>
      expect(modal().find(Input).props.validationMessage).toBe('There is a tag of this name already.'),
    );
    modal()
      .find(Input)
      .trigger('onInput', 'Old 2' as never);
    server.set({ 'POST /tags/{slot}/{tag}/restore': tag({ name: 'Old 2', state: 'restoring' }) });
    await page.r.waitFor(() => expect(modal().find(Input).props.value).toBe('Old 2'));
    modal().find(LoadingButton).trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: “Old 2” is being restored.']));
    expect(server.of('POST /tags/{slot}/{tag}/restore').at(-1)).toMatchObject({
      path: ['1', 'old'],
      body: { name: 'Old 2' },
    });
  });
});

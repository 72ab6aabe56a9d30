import { Button, Checkbox, Image, Input, LoadingButton, Select } from '@hubspot/ui-extensions';
import {
  account,
  failure,
  fakeServer,
  linkForm,
  linking,
  list,
  refused,
  writing,
  type Replies,
} from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const serve = (more: Replies = {}) =>
  fakeServer({
    'GET /accounts': { items: [account()], next: null },
    'GET /accounts/{slot}/linking': linking(),
    'GET /linking-form': linkForm(),
    'GET /properties': { items: [], next: null },
    'GET /lists': { items: [list()], next: null },
    'GET /failures': { items: [], next: null },
    ...more,
  });

describe('Linkage', () => {
  it('counts who is linked and who is not yet', async () => {
    serve();
    await open('/linkage').sees(/Linked to a contact \| 3,200 .*Not linked yet \| 1,800/);
  });

  it('says when there is nobody, and when the numbers are of a part', async () => {
    const coverage = { friends: 0, following: 0, linked: 0, whole: false };
    serve({ 'GET /accounts/{slot}/linking': linking({ coverage }) });
    const page = open('/linkage');
    await page.sees('No friends are known yet.');
    await page.sees('too many friends to count');
  });

  it('leads to Settings without an account, and offers another try after an error', async () => {
    serve({ 'GET /accounts': { items: [], next: null } });
    await open('/linkage').sees('No LINE Official Account is connected');
    serve({ 'GET /accounts/{slot}/linking': refused('INTERNAL') });
    await open('/linkage').sees('Try again');
  });

  it('tells what the LINE Login channel lacks, and takes it', async () => {
    const server = serve({
      'GET /accounts/{slot}/linking': linking({
        loginChannelId: null,
        mergeAddress: null,
        formAddress: null,
        formPicture: null,
      }),
      'PUT /accounts/{slot}/login': refused('LOGIN_CHANNEL_REFUSED'),
    });
    const page = open('/linkage');
    await page.sees('Not set up');
    await page.sees('https://lumo.test/k/back');
    await page.sees('Set up the LINE Login channel first.');
    expect(page.findByTestId(LoadingButton, 'login-save').props.disabled).toBe(true);
    const [id, secret] = page.findAll(Input);
    id?.trigger('onInput', ' 1650000000 ' as never);
    secret?.trigger('onInput', 'shh' as never);
    page.findByTestId(LoadingButton, 'login-save').trigger('onClick');
    await page.sees('LINE refused this channel ID and secret.');
    server.set({ 'PUT /accounts/{slot}/login': linking(), 'GET /accounts/{slot}/linking': linking() });
    page.findByTestId(LoadingButton, 'login-save').trigger('onClick');
    await page.sees('Channel ID 1650000000');
    expect(server.of('PUT /accounts/{slot}/login').at(-1)).toMatchObject({
      path: ['1'],
      body: { channelId: '1650000000', channelSecret: 'shh' },
    });
  });

  it('copies the exact text for the e-mail', async () => {
    serve();
    const page = open('/linkage');
    await page.sees('https://lumo.test/k/{{ contact.line_link_token }}');
    page.findByTestId(Button, 'copy-merge').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: Copied.']));
    expect(page.mocks.actions.copyTextToClipboard.calls[0]?.[0]).toBe(
      'https://lumo.test/k/{{ contact.line_link_token }}',
    );
  });

  it('shows the QR code of the address for friends', async () => {
    serve();
    const page = open('/linkage');
    await page.sees('https://lumo.test/k/form/abc');
    const pictures = page.findAll(Image).map(({ props }) => props.src);
    expect(pictures).toEqual(['https://lumo.test/k/form/abc.png']);
  });

  it('gives the contacts of a list their addresses and shows how far it is', async () => {
    const server = serve({ 'POST /accounts/{slot}/links': refused('LINKS_RUNNING') });
    const page = open('/linkage');
    await page.r.waitFor(() => page.find(Select));
    expect(page.findByTestId(LoadingButton, 'write-links').props.disabled).toBe(true);
    page.find(Select).trigger('onChange', '11' as never);
    page.findByTestId(LoadingButton, 'write-links').trigger('onClick');
    await page.sees('Linking addresses are being written to another HubSpot list.');
    const running = linking({ writing: writing() });
    server.set({ 'POST /accounts/{slot}/links': running, 'GET /accounts/{slot}/linking': running });
    page.findByTestId(LoadingButton, 'write-links').trigger('onClick');
    await page.sees('400 contacts read: 390 with a new address, 10 had a good one, 0 refused by HubSpot');
    expect(page.alerts()).toEqual(['success: The contacts of “VIP” are getting their linking addresses.']);
    expect(server.of('POST /accounts/{slot}/links')[0]).toMatchObject({ path: ['1'], body: { list: '11' } });
    expect(page.findByTestId(LoadingButton, 'write-links').props.disabled).toBe(true);
  });

  it.each([
    [linking({ writing: writing({ done: true, slot: 2 }) }), 'This is for another LINE Official Account.'],
    [linking({ writing: writing({ done: true, problem: 'RECONNECT_HUBSPOT' }) }), 'Stopped'],
    [linking({ mergeAddress: null }), 'Recreate it on Settings'],
  ])('explains what stands in the way', async (answer, text) => {
    serve({ 'GET /accounts/{slot}/linking': answer });
    await open('/linkage').sees(text);
  });

  it('is the same in Japanese', async () => {
    serve();
    await open('/linkage', { language: 'ja' }).sees('LINEログインチャネル | 設定済み');
  });

  it('switches the match by verified addresses, and leaves the secret alone', async () => {
    const server = serve({ 'PUT /accounts/{slot}/login': linking({ loginEmail: true }) });
    const page = open('/linkage');
    await page.sees('Match friends by the e-mail address');
    page.findByTestId(Checkbox, 'login-email').trigger('onChange', true as never);
    await vi.waitFor(() =>
      expect(server.of('PUT /accounts/{slot}/login')[0]?.body).toMatchObject({
        channelId: '1650000000',
        channelSecret: '',
        email: true,
      }),
    );
  });

  it('lets friends of an account without LINE Login link themselves in the chat', async () => {
    const alone = { loginChannelId: null, mergeAddress: null, formAddress: null, formPicture: null };
    const server = serve({
      'GET /accounts/{slot}/linking': linking(alone),
      'PUT /accounts/{slot}/linking': refused('INVALID_INPUT'),
    });
    const page = open('/linkage');
    await page.sees('Without a LINE Login channel, each friend needs a link of their own.');
    page.findByTestId(Button, 'copy-button-data').trigger('onClick');
    await vi.waitFor(() => expect(page.mocks.actions.copyTextToClipboard.calls[0]?.[0]).toBe('lumo:link'));
    expect(page.findByTestId(LoadingButton, 'save-word').props.disabled).toBe(true);
    const word = page.findAll(Input).find(({ props }) => props.name === 'link-word');
    word?.trigger('onInput', ' 連携 ' as never);
    page.findByTestId(LoadingButton, 'save-word').trigger('onClick');
    await vi.waitFor(() => expect(server.of('PUT /accounts/{slot}/linking')).toHaveLength(1));
    const answer = linking({ ...alone, word: '連携', formAddress: 'https://lumo.test/k/form/abc' });
    server.set({ 'PUT /accounts/{slot}/linking': answer, 'GET /accounts/{slot}/linking': answer });
    page.findByTestId(LoadingButton, 'save-word').trigger('onClick');
    await page.sees('https://lumo.test/k/form/abc');
    expect(page.alerts()).toContain('success: The word is saved.');
    expect(server.of('PUT /accounts/{slot}/linking').at(-1)).toMatchObject({ path: ['1'], body: { word: '連携' } });
  });

  it('believes typed addresses only when asked to, and warns then', async () => {
    const server = serve({ 'GET /accounts/{slot}/linking': linking({ word: '連携' }) });
    const page = open('/linkage');
    await page.sees('Link by a typed e-mail address without a code');
    expect(page.findByTestId(Checkbox, 'looser-unverified').props.checked).toBe(false);
    const on = linking({ word: '連携', unverified: true });
    server.set({ 'PUT /accounts/{slot}/linking': on, 'GET /accounts/{slot}/linking': on });
    page.findByTestId(Checkbox, 'looser-unverified').trigger('onChange', true as never);
    await page.sees('Anybody can type anybody’s address.');
    expect(server.of('PUT /accounts/{slot}/linking')[0]?.body).toMatchObject({ word: '連携', unverified: true });
  });

  it('offers the address with a plain ID only where that is allowed', async () => {
    const plainAddress = 'https://lumo.test/k/form/abc?m={{ contact.hs_object_id }}';
    const server = serve({ 'GET /accounts/{slot}/linking': linking() });
    const page = open('/linkage');
    await page.sees('Allow plain contact IDs');
    expect(page.findAll(Button).filter(({ props }) => props.testId === 'copy-plain')).toHaveLength(0);
    const on = linking({ plainIds: true, plainAddress });
    server.set({ 'PUT /accounts/{slot}/linking': on, 'GET /accounts/{slot}/linking': on });
    page.findByTestId(Checkbox, 'looser-plainIds').trigger('onChange', true as never);
    await page.sees(plainAddress);
    await page.sees('An ID can be edited and guessed');
    expect(server.of('PUT /accounts/{slot}/linking')[0]?.body).toMatchObject({ unverified: false, plainIds: true });
  });

  it('reports LINE User IDs that could not be linked, row by row and as a file', async () => {
    const bad = failure({ kind: 'link', code: 'LINE_ID_MALFORMED', contactId: '501', user: null });
    const unknown = failure({ id: 'f2', kind: 'link', code: 'LINE_ID_NOT_VALID', contactId: '502' });
    const server = serve({
      'GET /failures': ({ query }) => ({ items: query.codes?.startsWith('LINE_ID') ? [bad, unknown] : [], next: null }),
      'POST /exports': { url: 'https://lumo.test/file', expiresAt: 0 },
      'POST /failures/{failure}/retry': { retried: 1, refused: 0, next: null },
    });
    const page = open('/linkage');
    await page.sees(/501 \| The contact’s LINE User ID is malformed.*502 \| LINE knows no friend/);
    page.findByTestId(LoadingButton, 'export-failures').trigger('onClick');
    await vi.waitFor(() => expect(server.of('POST /exports')).toHaveLength(1));
    expect(server.of('POST /exports')[0]?.body).toMatchObject({
      what: 'failures',
      filter: { kind: 'link', slot: '1', codes: 'LINE_ID_MALFORMED,LINE_ID_NOT_VALID' },
    });
  });

  it('says when every LINE User ID is linked', async () => {
    serve();
    await open('/linkage', { language: 'ja' }).sees('連携できないLINE User IDはありません');
  });
});

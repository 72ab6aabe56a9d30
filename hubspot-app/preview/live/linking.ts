import { createHmac } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { say, stage } from './stage.ts';
import { install } from './tour.mjs';

// How friends and contacts become one, each way from its start to the contact's "LINE User ID" and the friend's badge, by clicking in HubSpot
// and on a phone. A company of its own: whom other tests take for linked must not change under them.
const portal = 1005;
const account = 'Kita Bakery';

interface Person {
  id: string;
  name: string;
}

let company: Promise<{ channel: string }> | undefined;

/** The company with its LINE account, and a LINE Login channel set up on the page Linkage. */
const ready = () => (company ??= settle());

async function settle() {
  const { world } = stage;
  const { id: channel } = await world.found({ portal, name: account, contacts: 12, friends: 4, linked: 1 });
  const { provider } = await world.phone(`channels/${channel}`);
  const context = await stage.newContext();
  const page = await context.newPage();
  await install(page, { ...world, portal, account, lang: 'en' });
  const { callbackUrl } = await world.api('/accounts/1/linking', { portal });
  const login = await world.phone('channels', 'POST', {
    ...{ kind: 'login', name: `${account} Login`, provider, linkedBot: channel, redirectUris: [callbackUrl] },
  });
  await stage.open('ext=pages&path=/linkage', { portal, page });
  await page.locator('[name="login-id"]').fill(login.id);
  await page.locator('[name="login-secret"]').fill(login.secret);
  await page.getByTestId('login-save').click();
  await page.getByText(say('en', 'linkage', 'login.channel').replace('{id}', login.id)).waitFor();
  await context.close();
  return { channel };
}

const person = async (name: string): Promise<Person> => {
  const created = await stage.world.phone('users', 'POST', { name });
  return { id: (Array.isArray(created) ? created[0] : created).id, name };
};

/** Contacts that nobody is linked to and no other test here takes. */
let taken = 0;
async function stranger() {
  const free = (await stage.contacts(portal)).filter((r) => r.values.email).slice(2);
  const record = free[taken++];
  if (!record) throw new Error('no contact is left');
  return { id: record.id, email: record.values.email ?? '' };
}

/** Somebody's phone: its browser knows nothing of anybody else's. */
async function onPhone<T>(act: (page: Page) => Promise<T>): Promise<T> {
  const context = await stage.browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-US' });
  context.setDefaultTimeout(15_000);
  try {
    return await act(await context.newPage());
  } finally {
    await context.close();
  }
}

const shown = (page: Page) => page.locator('main[id]').getAttribute('id');
const answer = (page: Page, value: 'yes' | 'no') => page.locator(`button[name=answer][value=${value}]`).click();

/** The same link with another end, signed as the functions of a developer's machine sign (shared/config, shared/linkage/token.go). */
function ending(address: string, minutes: (was: number) => number) {
  const cut = address.lastIndexOf('/') + 1;
  const token = Buffer.from(address.slice(cut), 'base64url');
  const body = token.subarray(0, -16);
  const [, afterPortal] = uvarint(body, 1);
  const [was, afterEnd] = uvarint(body, afterPortal);
  const changed = Buffer.concat([body.subarray(0, afterPortal), toUvarint(minutes(was)), body.subarray(afterEnd)]);
  const mac = createHmac('sha256', `links of ${stage.world.secret}`).update('lumo linkage\0i').update(changed).digest();
  return address.slice(0, cut) + Buffer.concat([changed, mac.subarray(0, 16)]).toString('base64url');
}

function uvarint(bytes: Uint8Array, at: number): [value: number, next: number] {
  const byte = bytes[at] ?? 0;
  if (byte < 128) return [byte, at + 1];
  const [rest, next] = uvarint(bytes, at + 1);
  return [(byte % 128) + rest * 128, next];
}

const toUvarint = (n: number): Buffer =>
  n < 128 ? Buffer.of(n) : Buffer.concat([Buffer.of((n % 128) + 128), toUvarint(Math.floor(n / 128))]);

/** LINE's own page: who it is, and whether the account becomes a friend. */
async function logIn(page: Page, { id, name }: Person, friend = true) {
  const who = page.locator('select[name=user]');
  await who.waitFor();
  // The sandbox offers the first few hundred people only.
  await who.evaluate((select, [value, text]) => select.append(new Option(text, value)), [id, name] as const);
  await who.selectOption(id);
  await page.locator('input[name=friend]').setChecked(friend);
  await page.locator('button[value=allow]').click();
  await page.locator('main[id]').waitFor();
}

const through = (address: string, who: Person, friend = true) =>
  onPhone(async (page) => {
    await page.goto(address);
    if ((await shown(page)) !== 'confirm') return shown(page);
    await answer(page, 'yes');
    await logIn(page, who, friend);
    return shown(page);
  });

/** HubSpot holds the LINE User ID, and the friend has the badge. */
async function linked(contact: number, who: Person, channel: string, method: string) {
  const { page, world } = stage;
  const friends: { user: string; lineUserId: string }[] = await world.phone(`channels/${channel}/friends`);
  const user = friends.find((f) => f.user === who.id)?.lineUserId ?? '';
  expect(user).toMatch(/^U/);
  await expect.poll(() => stage.value(contact, 'line_user_id', portal), { timeout: 40_000, interval: 250 }).toBe(user);
  await expect
    .poll(() => stage.value(contact, 'line_link_method', portal), { timeout: 40_000, interval: 250 })
    .toBe(method);
  await stage.open('ext=pages&path=/friends', { portal });
  const row = page.getByRole('row').filter({ hasText: who.name });
  await row.getByText(say('en', 'friends', 'link.linked'), { exact: true }).waitFor();
}

const nothing = async (contact: number) => expect((await stage.value(contact, 'line_user_id', portal)) ?? '').toBe('');

/** What a button copies: it reaches the clipboard only some time after the click. */
async function copied(button: string): Promise<string> {
  const { page } = stage;
  const held = () => page.evaluate(() => navigator.clipboard.readText());
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.getByTestId(button).click();
  await expect.poll(held).not.toBe('');
  return held();
}

/** Makes a link on the contact's card. */
async function linkOf(contact: number): Promise<string> {
  const { page } = stage;
  await stage.open(`ext=card&objectId=${contact}`, { portal });
  await page.getByTestId('create-link').click();
  await page.getByTestId('copy-link').waitFor();
  const code = page.locator('img[src$=".png"][src*="/k/"]');
  await expect.poll(() => code.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(100);
  const address = await copied('copy-link');
  expect(await code.getAttribute('src')).toBe(`${address}.png`);
  return address;
}

export function linking() {
  describe('linking, from its start to the badge', () => {
    it('a link of the card: the person who opens it is linked, and nobody else', async () => {
      const { channel } = await ready();
      const { id, email } = await stranger();
      const [ann, eve] = [await person('Ann Link'), await person('Eve Link')];
      const address = await linkOf(id);

      await onPhone(async (page) => {
        await page.goto(address);
        expect(await shown(page)).toBe('confirm');
        const masked = `${email[0]}•••@${email.split('@')[1]}`;
        expect(await page.locator('h1').innerText()).toContain(masked);
        await answer(page, 'no');
        await page.locator('main#declined').waitFor();
      });
      await nothing(id);

      expect(await through(`${address.slice(0, -4)}abcd`, eve)).toBe('invalid');
      expect(await through(address, ann)).toBe('linked');
      await linked(id, ann, channel, 'email_link');

      expect(await through(address, eve)).toBe('used');
      expect(await through(address, ann)).toBe('already_linked');
      await linked(id, ann, channel, 'email_link');
    }, 180_000);

    it('a link that is too old, and an edited one, end on their pages and link nothing', async () => {
      const { channel } = await ready();
      const { id } = await stranger();
      const gus = await person('Gus Late');
      await stage.world.phone(`chats/${channel}/${gus.id}/follow`, 'POST', {});
      const address = await linkOf(id);
      expect(ending(address, (was) => was)).toBe(address);
      const old = ending(address, () => Math.floor(Date.now() / 60_000) - 1);
      await onPhone(async (page) => {
        const answer = await page.goto(old);
        expect(answer?.status()).toBe(410);
        expect(await shown(page)).toBe('expired');
        expect(await page.locator('form, button, a.button').count()).toBe(0);
        expect(await page.locator('h1').innerText()).toBe('This link is too old');
        await page.goto(`${old}?lang=ja`);
        expect(await shown(page)).toBe('expired');
        await page.goto(`${address.slice(0, -4)}abcd`);
        expect(await shown(page)).toBe('invalid');
      });
      await nothing(id);
      // It is the age alone: as it was made, the link works.
      expect(await through(address, gus, false)).toBe('linked');
      await linked(id, gus, channel, 'email_link');
    }, 150_000);

    it('a link in an e-mail: the contacts of a list get one each, and HubSpot fills it in', async () => {
      const { channel } = await ready();
      const { world, page } = stage;
      const { id } = await stranger();
      const list = await world.hubspot(`portals/${portal}/lists`, 'POST', { name: 'Mailing', object: 'contacts' });
      await world.hubspot(`portals/${portal}/lists/${list.id}/add`, 'POST', { ids: [id] });
      // A run tells Lumo of new lists.
      await world.api('/sync', { portal, method: 'POST', body: { requestId: crypto.randomUUID(), extent: 'all' } });
      const lists = async () => (await world.api('/lists', { portal })).items.map((l: { name: string }) => l.name);
      await expect.poll(lists, { timeout: 60_000, interval: 500 }).toContain('Mailing');
      await stage.open('ext=pages&path=/linkage', { portal });
      const choice = page.getByLabel(say('en', 'linkage', 'mail.list'), { exact: true });
      await choice.selectOption({ label: 'Mailing' });
      await page.getByTestId('write-links').click();
      await expect.poll(() => stage.value(id, 'line_link_token', portal), { timeout: 40_000 }).toBeTruthy();
      const text = await copied('copy-merge');
      const token = (await stage.value(id, 'line_link_token', portal)) ?? '';
      const ben = await person('Ben Mail');
      expect(await through(text.replace('{{ contact.line_link_token }}', token), ben)).toBe('linked');
      await linked(id, ben, channel, 'email_link');
    }, 150_000);

    it('a message with the form: a friend types an address, and the code mailed to it links them', async () => {
      const { channel } = await ready();
      const { world } = stage;
      const { id, email } = await stranger();
      const cy = await person('Cy Form');
      await world.phone(`chats/${channel}/${cy.id}/follow`, 'POST', {});
      await stage.open('ext=pages&path=/linkage', { portal });
      const address = await copied('copy-form');
      const end = await onPhone(async (phone) => {
        await phone.goto(address);
        await answer(phone, 'yes');
        await logIn(phone, cy);
        expect(await shown(phone)).toBe('ask_email');
        await phone.locator('#email').fill(email);
        await phone.locator('button.main').click();
        await phone.locator('main#ask_code').waitFor();
        const outbox: { to: string[]; text: string }[] = await (
          await fetch(`${world.control}/mail/outbox.json`)
        ).json();
        const code = outbox.findLast((mail) => mail.to.includes(email))?.text.match(/\b\d{6}\b/)?.[0] ?? '';
        await phone.locator('#code').fill(code === '000000' ? '000001' : '000000');
        await phone.locator('button.main').click();
        await phone.locator('main#wrong_code').waitFor();
        await nothing(id);
        await phone.locator('#code').fill(code);
        await phone.locator('button.main').click();
        await phone.locator('main#linked').waitFor();
        return shown(phone);
      });
      expect(end).toBe('linked');
      await linked(id, cy, channel, 'message_link');
    }, 150_000);

    it('a LINE User ID typed in HubSpot: a good one links, others are in the report', async () => {
      const { channel } = await ready();
      const { world, page } = stage;
      const [good, malformed, unknown] = [await stranger(), await stranger(), await stranger()];
      const di = await person('Di Typed');
      await world.phone(`chats/${channel}/${di.id}/follow`, 'POST', {});
      const friends: { user: string; lineUserId: string }[] = await world.phone(`channels/${channel}/friends`);
      const user = friends.find((f) => f.user === di.id)?.lineUserId;
      const type = (contact: number, value: string | undefined) =>
        world.hubspot(`portals/${portal}/records/contacts/${contact}`, 'PATCH', { values: { line_user_id: value } });
      await type(good.id, user);
      await type(malformed.id, 'U123');
      await type(unknown.id, `U${'0'.repeat(32)}`);
      await linked(good.id, di, channel, 'imported_id');
      await stage.open('ext=pages&path=/linkage', { portal });
      for (const [contact, code] of [
        [malformed.id, 'LINE_ID_MALFORMED'],
        [unknown.id, 'LINE_ID_NOT_VALID'],
      ] as const) {
        const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: String(contact) }) });
        await row.getByText(say('en', 'errors', code)).waitFor({ timeout: 40_000 });
      }
      await page.getByTestId('export-failures').click();
      await page.getByTestId('save-failures').waitFor();
    }, 150_000);

    it('a login in the channel of another provider links nothing, and says so', async () => {
      const { channel } = await ready();
      const { world } = stage;
      const { id } = await stranger();
      const { callbackUrl, loginChannelId } = await world.api('/accounts/1/linking', { portal });
      const other = await world.phone('providers', 'POST', { name: 'Somebody else' });
      const bot = await world.phone('channels', 'POST', { provider: other.id, name: 'Another shop' });
      const login = await world.phone('channels', 'POST', {
        ...{ kind: 'login', name: 'Wrong', provider: other.id, linkedBot: bot.id, redirectUris: [callbackUrl] },
      });
      const set = (of: { id: string; secret: string }) =>
        world.api('/accounts/1/login', {
          ...{ portal, method: 'PUT' },
          body: { requestId: crypto.randomUUID(), channelId: of.id, channelSecret: of.secret },
        });
      const right = await world.phone(`channels/${loginChannelId}`);
      await set(login);
      try {
        const fay = await person('Fay Elsewhere');
        await world.phone(`chats/${channel}/${fay.id}/follow`, 'POST', {});
        expect(await through(await linkOf(id), fay)).toBe('other_provider');
      } finally {
        await set(right);
      }
      await nothing(id);
    }, 120_000);
  });
}

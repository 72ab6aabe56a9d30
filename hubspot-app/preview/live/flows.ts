import { describe, expect, it } from 'vitest';
import { copyFromLine, settled } from './tour.mjs';
import { say, stage } from './stage.ts';
import { PORTAL } from './world.mjs';

export function flows() {
  describe('by clicking, in HubSpot', () => {
    it('a further LINE account is connected: a wrong secret tells why, the right one works', async () => {
      const { world, page } = stage;
      const name = 'Hana Flowers';
      const provider = await world.phone('providers', 'POST', { name });
      await world.phone('channels', 'POST', { provider: provider.id, name, verified: true });
      const { id, secret } = await copyFromLine(stage.context, world.line, name);
      await stage.open('ext=settings');
      await page.getByTestId('connect-line').click();
      const modal = page.getByRole('dialog');
      const connect = async (typed: string) => {
        await modal.getByLabel(say('en', 'settings', 'connect.channelId')).fill(id);
        await modal.getByLabel(say('en', 'settings', 'connect.secret')).fill(typed);
        await modal.getByTestId('connect-go').click();
      };
      await connect([...secret].reverse().join(''));
      await modal.getByText(say('en', 'settings', 'connect.failed')).waitFor();
      await modal.getByText(/invalid.*client_credentials/i).waitFor();
      await connect(secret);
      await modal.getByText(say('en', 'settings', 'connect.ok'), { exact: true }).waitFor();
      await stage
        .button(say('en', 'common', 'close'), modal)
        .last()
        .click();
      await page.getByText(name).first().waitFor();
      const { items } = await world.api('/accounts');
      expect(items.map((a: { name: string }) => a.name)).toContain(name);
    }, 60_000);

    it('a property is added, and its values arrive', async () => {
      const { world, page } = stage;
      const { contact } = await stage.linkedContact();
      await world.hubspot(`portals/${PORTAL}/records/contacts/${contact}`, 'PATCH', {
        values: { city: '札幌 Sapporo' },
      });
      await stage.open('ext=pages&path=/sync-data');
      await page.getByTestId('add-property').click();
      const modal = page.getByRole('dialog');
      await modal.getByRole('searchbox').fill('city');
      const row = modal.getByRole('row').filter({ has: page.getByText('city', { exact: true }) });
      await stage.button(say('en', 'syncData', 'add.choose'), row).click();
      await modal.waitFor({ state: 'detached' });
      await page.getByTestId('rule-city').waitFor();
      await expect
        .poll(async () => JSON.stringify(await world.api(`/contacts/${contact}`)), { timeout: 40_000, interval: 500 })
        .toContain('札幌 Sapporo');
      await stage.open(`ext=card&objectId=${contact}`);
      await page.getByText('札幌 Sapporo').first().waitFor();
    }, 90_000);

    it('everything is synced again, and the progress is seen', async () => {
      const { world, page } = stage;
      const idle = () => expect.poll(async () => (await world.api('/status')).run, { timeout: 90_000 }).toBe(null);
      await idle();
      await world.hubspot('latency', 'PUT', { millis: 2_000 });
      try {
        await stage.open('ext=pages');
        const before = (await world.api('/runs')).items[0].id;
        await page.getByTestId('resync').click();
        const modal = page.getByRole('dialog');
        const begun = async () => {
          await page.getByTestId('resync-start').click();
          await settled(page);
          const closed = modal.waitFor({ state: 'detached', timeout: 5_000 });
          return closed.then(() => true).catch(() => false);
        };
        // One may have begun by itself in between, or a minute may have to pass.
        while (!(await begun())) await idle();
        await page.getByRole('progressbar').first().waitFor({ timeout: 45_000 });
        await world.hubspot('latency', 'PUT', { millis: 0 });
        await page.getByRole('progressbar').first().waitFor({ state: 'detached', timeout: 40_000 });
        const runs: { id: string; trigger: string }[] = (await world.api('/runs')).items;
        const since = runs.slice(
          0,
          runs.findIndex(({ id }) => id === before),
        );
        expect(since.map(({ trigger }) => trigger)).toContain('manual');
      } finally {
        await world.hubspot('latency', 'PUT', { millis: 0 });
      }
    }, 200_000);

    it('a contact that HubSpot refuses is shown with its reason, and goes through when it is retried', async () => {
      const { world, page } = stage;
      const { contact, person, channel } = await stage.linkedContact();
      const rules = `portals/${PORTAL}/rules`;
      await world.hubspot(rules, 'PUT', [
        { object: 'contacts', property: 'line_follow_status', pattern: '^following$' },
      ]);
      try {
        await world.phone(`chats/${channel}/${person}/block`, 'POST', {});
        const failed = async () => (await world.api('/failures')).items.map((f: { contactId: string }) => f.contactId);
        await expect.poll(failed, { timeout: 60_000, interval: 500 }).toContain(String(contact));
        await stage.open('ext=pages');
        await page
          .getByRole('link', { name: say('en', 'dashboard', 'showFailures') })
          .first()
          .click();
        await settled(page);
        const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: String(contact) }) });
        await row.getByText('line_follow_status').first().waitFor();
        await row.getByText('not valid: line_follow_status').waitFor();
        await row
          .getByText(say('en', 'help', 'errorsContinue'))
          .or(row.locator('a[href*="/help/"]'))
          .first()
          .waitFor();
        await world.hubspot(rules, 'PUT', []);
        await stage.button(say('en', 'dashboard', 'failures.retry'), row).click();
        await row.waitFor({ state: 'detached', timeout: 40_000 });
        await expect.poll(() => stage.value(contact, 'line_follow_status'), { timeout: 40_000 }).toBe('blocked');
      } finally {
        await world.hubspot(rules, 'PUT', []);
      }
    }, 150_000);

    it('a tag added on the card appears in HubSpot', async () => {
      const { world, page } = stage;
      const { contact } = await stage.linkedContact();
      const name = 'お得意様 VIP';
      const { tag } = await world.api('/tags', {
        method: 'POST',
        body: { requestId: crypto.randomUUID(), slot: 1, name },
      });
      await stage.open(`ext=card&objectId=${contact}`);
      await page.getByTestId('edit-tags').click();
      await page.getByRole('button', { name: say('en', 'friends', 'tags') }).click();
      await page.getByRole('checkbox', { name }).check();
      await page.keyboard.press('Escape');
      await page.getByTestId('save-tags').click();
      await page.getByTestId('edit-tags').waitFor();
      await page.getByText(name).first().waitFor();
      expect(tag.name).toBe(name);
      const written = () => stage.value(contact, 'line_tags');
      await expect.poll(written, { timeout: 60_000, interval: 500 }).toBeTruthy();
      const properties = await world.hubspot(`portals/${PORTAL}/properties/contacts`);
      const options: { value: string; label: string }[] = properties.find(
        (p: { name: string }) => p.name === 'line_tags',
      ).options;
      const value = await written();
      expect(options.find((o) => o.value === value)?.label).toBe(name);
    }, 90_000);

    it.each([
      ['as it is', false],
      ['though the first answer to HubSpot’s proxy gets lost', true],
    ])(
      'a message typed on the card arrives on the phone once (%s)',
      async (_, lost) => {
        const { world, page } = stage;
        const { contact, person, channel } = await stage.linkedContact();
        const text = `こんにちは 🌸 ${crypto.randomUUID()}`;
        await stage.open(`ext=card&objectId=${contact}`);
        const before = world.sent.length;
        if (lost) world.loseAnswer(/\/messages$/);
        await page.getByLabel(say('en', 'card', 'compose.text')).fill(text);
        await page.getByTestId('send-message').click();
        const line = page.locator('.ext .text').filter({ hasText: text });
        await line.waitFor();
        const onPhone = async () => {
          const messages: { text?: string }[] = await world.phone(`chats/${channel}/${person}`);
          return messages.filter((m) => m.text === text).length;
        };
        await expect.poll(onPhone, { timeout: 40_000, interval: 250 }).toBe(1);
        await page
          .getByText(say('en', 'card', 'status.sent'))
          .first()
          .waitFor();
        const posted = () =>
          world.sent.slice(before).filter((c) => c.method === 'POST' && c.path.endsWith('/messages'));
        await expect.poll(() => posted().length, { timeout: 20_000 }).toBe(lost ? 2 : 1);
        expect(new Set(posted().map((c) => c.body.requestId)).size).toBe(1);
        // Looked at again, both sides show one.
        await stage.open(`ext=card&objectId=${contact}`);
        expect(await line.count()).toBe(1);
        expect(await onPhone()).toBe(1);
      },
      90_000,
    );

    it('a segment is put together, counts who has its tag, and is kept', async () => {
      const { world, page } = stage;
      const { items: friends } = await world.api('/friends?slot=1&limit=50');
      const { tag } = await world.api('/tags', {
        method: 'POST',
        body: { requestId: crypto.randomUUID(), slot: 1, name: '常連 Regulars' },
      });
      const reached = friends.filter((f: { follow: string }) => f.follow === 'following').slice(0, 3);
      await world.api('/friends/tags', {
        method: 'POST',
        body: {
          requestId: crypto.randomUUID(),
          slot: 1,
          users: reached.map((f: { user: string }) => f.user),
          add: [tag.id],
          remove: [],
        },
      });
      await stage.open('ext=pages&path=/segments');
      await page.getByTestId('create-segment').click();
      await page.getByLabel(say('en', 'segments', 'name')).fill('Regulars 🌸');
      await page.getByLabel(say('en', 'segments', 'type.tag'), { exact: true }).selectOption({ label: tag.name });
      const recipients = page.getByText(say('en', 'segments', 'count.recipients')).locator('..');
      await recipients.getByText('3', { exact: true }).waitFor({ timeout: 20_000 });
      await page.getByTestId('save-segment').click();
      await expect
        .poll(async () => (await world.api('/segments?slot=1')).items.map((s: { name: string }) => s.name))
        .toContain('Regulars 🌸');
      await page.getByTestId('save-segment').and(page.locator(':disabled')).waitFor();
    }, 60_000);

    it('a broadcast is written, reviewed and sent, and arrives on the phones', async () => {
      const { world, page } = stage;
      const { channel, person } = await stage.linkedContact();
      const text = '春のおしらせ 🌸 Spring news';
      await stage.open('ext=pages&path=/broadcasts');
      await page.getByTestId('create-broadcast').click();
      await page.getByTestId('add-text').click();
      await page.getByLabel(say('en', 'broadcasts', 'field.text'), { exact: true }).fill(text);
      await page.getByTestId('review-draft').click();
      await page.getByText(say('en', 'broadcasts', 'review.ok')).waitFor({ timeout: 30_000 });
      await page.getByTestId('confirm-broadcast').click();
      await page.getByTestId('confirm-broadcast-confirm').click();
      const chat = async () => JSON.stringify(await world.phone(`chats/${channel}/${person}`));
      await expect.poll(chat, { timeout: 60_000, interval: 500 }).toContain(text);
      await page
        .getByText(say('en', 'broadcasts', 'status.sent'), { exact: true })
        .first()
        .waitFor({ timeout: 30_000 });
    }, 150_000);
  });
}

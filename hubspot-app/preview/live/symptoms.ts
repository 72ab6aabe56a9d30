import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Topic } from '../../src/app/packages/screens/src/help/topics.ts';
import { LANGUAGES, say, stage, type Lang } from './stage.ts';
import { settled } from './tour.mjs';
import { PORTAL } from './world.mjs';

/** Where a symptom shows, a link leads to its row of the help page, which is unfolded. */
async function advised(page: Page, lang: Lang, topic: Topic) {
  await page.locator(`a[href*="/help/${topic}"]`).first().click();
  await settled(page);
  await page.getByText(say(lang, 'help', `${topic}.check`), { exact: true }).waitFor();
}

export function symptoms() {
  describe.each(LANGUAGES)('a symptom shows its advice (%s)', (lang) => {
    it('sync is slow', async () => {
      const { world, page } = stage;
      const { contact } = await stage.linkedContact();
      await world.hubspot('latency', 'PUT', { millis: 5_000 });
      try {
        const start = async () => {
          // One contact: runs over more have a minute between them.
          const body = { requestId: crypto.randomUUID(), extent: 'contact', contact: String(contact) };
          return (await world.api('/sync', { method: 'POST', body })).started;
        };
        await expect.poll(start, { timeout: 60_000, interval: 500 }).toBe(true);
        await stage.open('ext=pages', { lang, wait: false });
        await advised(page, lang, 'slow');
      } finally {
        await world.hubspot('latency', 'PUT', { millis: 0 });
      }
    }, 90_000);

    it('contacts are not synced', async () => {
      const { page } = stage;
      // Nobody here is linked: contacts, an account, and no LINE User ID.
      const stranger = (await stage.contacts()).find((r) => !r.values.line_user_id);
      await stage.open(`ext=card&objectId=${stranger?.id}`, { lang });
      await page.getByText(say(lang, 'card', 'notLinked.title')).waitFor();
      await page.getByText(say(lang, 'card', 'notLinked.text')).waitFor();
      await stage.open('ext=pages&path=/sync-data', { lang });
      await advised(page, lang, 'notSynced');
    }, 60_000);

    it('errors continue', async () => {
      const { world, page } = stage;
      const { contact, person, channel } = await stage.linkedContact();
      const rules = `portals/${PORTAL}/rules`;
      const only = { object: 'contacts', property: 'line_follow_status', pattern: '^following$' };
      await world.hubspot(rules, 'PUT', [only]);
      try {
        await world.phone(`chats/${channel}/${person}/block`, 'POST', {});
        const failed = async () => (await world.api('/failures')).items.map((f: { contactId: string }) => f.contactId);
        await expect.poll(failed, { timeout: 60_000, interval: 500 }).toContain(String(contact));
        await stage.open('ext=pages&path=/failures', { lang });
        await advised(page, lang, 'errorsContinue');
        await page.getByTestId('copy-diagnostics').click();
        await page.getByText(say(lang, 'help', 'copied')).waitFor();
        const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
        expect(copied.counters.failures).toBeGreaterThan(0);
      } finally {
        await world.hubspot(rules, 'PUT', []);
        await world.api('/failures/retry-all', { method: 'POST', body: { requestId: crypto.randomUUID() } });
      }
    }, 120_000);

    it('the inbox stays empty', async () => {
      const { world, page } = stage;
      const name = `Umi Fish ${lang}`;
      const provider = await world.phone('providers', 'POST', { name });
      const { id, secret } = await world.phone('channels', 'POST', { provider: provider.id, name, verified: true });
      const connect = { requestId: crypto.randomUUID(), channelId: id, channelSecret: secret };
      expect((await world.api('/accounts', { method: 'POST', body: connect })).connected).toBe(true);
      await world.phone(`channels/${id}`, 'PATCH', { useWebhook: false });
      await stage.open('ext=settings', { lang });
      await page.getByRole('heading', { name }).waitFor();
      await page.getByTestId('recheck').last().click(); // accounts stand in the order of their slots
      await page
        .getByText(say(lang, 'settings', 'check.fail'), { exact: true })
        .first()
        .waitFor();
      await page
        .getByRole('button', { name: say(lang, 'help', 'inboxEmpty') })
        .last()
        .click();
      await page
        .getByText(say(lang, 'help', 'inboxEmpty.check'))
        .first()
        .waitFor();
      await stage.open('ext=pages', { lang });
      await advised(page, lang, 'inboxEmpty');
    }, 60_000);
  });
}

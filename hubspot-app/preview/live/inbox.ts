import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { say, stage } from './stage.ts';
import { PORTAL } from './world.mjs';

/** A PNG of one pixel. */
const PHOTO = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const CAPTION = 'この席は空いていますか 🌸';
const ANSWER = 'はい、お待ちしております';
const ACCOUNT = 'Sakura Coffee';

interface Thread {
  id: number;
  visitor: string;
  contactId: number;
  messages: { text: string; at: number; incoming: boolean; status: string; attachments: unknown[] }[];
}

async function thread(user: string): Promise<Thread | undefined> {
  const all: Thread[] = await stage.world.hubspot(`portals/${PORTAL}/inbox/threads`);
  return all.find(({ visitor }) => visitor === user);
}

/** As a super admin does, from HubSpot's inbox settings through Lumo's page and back. */
export async function connect(page: Page, portal: number, named: string) {
  const { world } = stage;
  await page.goto(`${world.sandbox}/ui/${portal}/inbox/settings`);
  await page.getByRole('button', { name: 'Connect LINE' }).click();
  const allow = page.locator('button[value=allow]');
  const choice = page.locator('#slot');
  await allow.or(choice).first().waitFor();
  if (await allow.isVisible()) await allow.click();
  await choice.waitFor();
  const account = await choice.locator('option').filter({ hasText: named }).getAttribute('value');
  await choice.selectOption(account);
  await page.locator('form[action="/setup/inbox"] button.main').click();
  await page.waitForURL(`${world.sandbox}/**`);
}

/** Opens the account's block on Settings. */
async function onSettings() {
  const { page } = stage;
  await stage.open('ext=settings');
  await page
    .getByRole('button', { name: say('en', 'settings', 'inbox.title') })
    .first()
    .click();
}

export function inbox() {
  describe('inbox', () => {
    it('a photo with its caption and the answer cross over, and removing stops it and leaves history', async () => {
      const { page, world } = stage;
      const { contact, user, person, channel } = await stage.linkedContact();
      const phone = `${world.line}/_sandbox/phone/${channel}/${person}`;
      await connect(page, PORTAL, ACCOUNT);
      await onSettings();
      await page
        .getByText(say('en', 'settings', 'inbox.connected'), { exact: true })
        .first()
        .waitFor();

      await page.goto(phone);
      await page.locator('input[type=file]').setInputFiles({ name: 'seat.png', mimeType: 'image/png', buffer: PHOTO });
      await page.locator('.line.mine img').last().waitFor();
      await page.getByRole('textbox', { name: 'Message' }).fill(CAPTION);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await page.locator('.line.mine').filter({ hasText: CAPTION }).waitFor();
      const said: { text: string; type: string; at: string }[] = await world.phone(`chats/${channel}/${person}`);

      const shown = async () => (await thread(user))?.messages.filter(({ incoming }) => incoming).length ?? 0;
      await expect.poll(shown, { timeout: 60_000, interval: 500 }).toBe(2);
      const found = await thread(user);
      expect(found?.contactId).toBe(contact);
      expect(found?.messages.map(({ at }) => at)).toEqual(said.slice(-2).map(({ at }) => Date.parse(at)));
      await page.goto(`${world.sandbox}/ui/${PORTAL}/inbox/${found?.id}`);
      await page.getByText(`through ${ACCOUNT}`).waitFor();
      await page.locator('article img').waitFor();
      await page.getByText(CAPTION).waitFor();

      await page.locator('[name=text]').fill(ANSWER);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      const answer = async () => (await thread(user))?.messages.find(({ text }) => text === ANSWER)?.status;
      await expect.poll(answer, { timeout: 60_000, interval: 500 }).toBe('SENT');
      await page.goto(phone);
      const arrived = page.locator('.line').filter({ hasText: ANSWER });
      await arrived.first().waitFor();
      expect(await arrived.count()).toBe(1);

      await stage.open(`ext=card&objectId=${contact}`);
      await page.getByText(CAPTION).waitFor();
      await page.getByText(ANSWER).waitFor();

      await onSettings();
      await page.getByTestId('inbox-remove-1').click();
      await page.getByTestId('inbox-remove-1-confirm').click();
      await page
        .getByText(say('en', 'settings', 'inbox.removed'), { exact: true })
        .first()
        .waitFor();
      const later = 'まだいますか';
      await world.phone(`chats/${channel}/${person}/text`, 'POST', { text: later });
      const onCard = async () => {
        const { friends } = await world.api(`/contacts/${contact}`);
        return friends[0].messages.some(({ text }: { text: string }) => text === later);
      };
      await expect.poll(onCard, { timeout: 60_000, interval: 500 }).toBe(true);
      const left = await thread(user);
      expect(left?.messages.some(({ text }) => text === CAPTION)).toBe(true);
      expect(left?.messages.some(({ text }) => text === later)).toBe(false);
    }, 240_000);
  });
}

import { describe, expect, it } from 'vitest';
import { say, stage } from './stage.ts';
import { PORTAL } from './world.mjs';

const TEXT = 'ようこそ 🌸 Welcome';

/** A message template, written on the app's page. */
async function writeTemplate(name: string) {
  const { page } = stage;
  await stage.open('ext=pages&path=/templates');
  await page.getByTestId('create-template').click();
  await page.locator('[name="template-name"]').fill(name);
  await page.locator('[name="bubble-0-text"]').fill(TEXT);
  await page.getByTestId('save-template').click();
  await page.getByText(say('en', 'templates', 'live')).waitFor();
}

interface Fields {
  name: string;
  /** Chosen from what the app offers for the account. */
  template?: string;
  text?: string;
  category: 'Marketing' | 'Transactional';
  /** What happens to contacts that end with a status: their city tells. */
  branch: string;
}

/** A workflow of "Send LINE message", put together in HubSpot's sandbox from the options that the app tells. Answers its address. */
async function build({ name, template, text, category, branch }: Fields): Promise<string> {
  const { page, world } = stage;
  const choose = async (field: string, label: string) => {
    const value = await page.locator(`select[name=${field}] option`).filter({ hasText: label }).getAttribute('value');
    await page.locator(`select[name=${field}]`).selectOption(value);
  };
  await page.goto(`${world.sandbox}/ui/${PORTAL}/workflows`);
  await choose('action', 'Send LINE message');
  await page.getByRole('button', { name: 'Choose' }).click();
  await choose('oa', 'Sakura Coffee');
  if (template) {
    await page.locator('[name=q]').fill(template.slice(0, 6));
    await page.getByRole('button', { name: 'Load options' }).click();
    await choose('template', template);
  }
  if (text) await page.locator('[name=text_1]').fill(text);
  await choose('category', category);
  await page.locator('[name=name]').fill(name);
  await page.locator('[name=then_status]').fill(branch);
  await page.locator('[name=then_property]').fill('city');
  await page.locator('[name=then_value]').fill(`${branch} ${name}`);
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: 'Enroll' }).waitFor();
  return page.url();
}

/** Enrols a contact and waits for the branch it ends in; answers what the workflow's history says of it. */
async function enroll(workflow: string, contact: number, branch: string): Promise<string> {
  const { page } = stage;
  await page.goto(workflow);
  await page.locator('[name=ids]').fill(String(contact));
  await page.getByRole('button', { name: 'Enroll' }).click();
  const first = page.locator('tbody tr').first();
  const ended = async () => {
    await page.getByRole('link', { name: 'Reload' }).click();
    return (await first.locator('.tag').count()) > 0 ? first.innerText() : '';
  };
  await expect.poll(ended, { timeout: 60_000, interval: 500 }).not.toBe('');
  const cells = await first.locator('td').allInnerTexts();
  expect(cells.slice(0, 2)).toEqual([String(contact), branch]);
  return cells[2] ?? '';
}

export function workflows() {
  describe('workflows', () => {
    it('a step put together from its options sends, and each way it can end has its branch', async () => {
      const { world, page } = stage;
      const { contact, person, channel } = await stage.linkedContact();
      const blocked = await stage.linkedContact();
      const stranger = (await stage.contacts()).find((r) => !r.values.line_user_id)?.id ?? 0;
      const onPhone = async () => {
        await page.goto(`${world.line}/_sandbox/phone/${channel}/${person}`);
        return (await page.locator('body').innerText()).split(TEXT).length - 1;
      };
      const branched = async (of: number, value: string) =>
        expect.poll(() => stage.value(of, 'city'), { timeout: 20_000, interval: 250 }).toBe(value);

      await writeTemplate('歓迎メッセージ Welcome');
      const welcome = await build({
        ...{ name: 'Welcome', template: '歓迎メッセージ Welcome', category: 'Transactional', branch: 'sent' },
      });
      expect(await enroll(welcome, contact, 'sent')).toContain('handed to LINE');
      await branched(contact, 'sent Welcome');
      expect(await onPhone()).toBe(1);

      expect(await enroll(welcome, stranger, 'skipped_unlinked')).toContain('linked to no friend');
      expect(await stage.value(stranger, 'city')).not.toBe('sent Welcome');

      await world.phone(`chats/${blocked.channel}/${blocked.person}/block`, 'POST', {});
      const follow = async () => (await world.api(`/friends/1/${blocked.user}`)).follow;
      await expect.poll(follow, { timeout: 30_000, interval: 250 }).toBe('blocked');
      expect(await enroll(welcome, blocked.contact, 'skipped_blocked')).toContain('blocked the LINE account');

      const news = await build({
        ...{ name: 'News', text: TEXT, category: 'Marketing', branch: 'skipped_no_consent' },
      });
      expect(await enroll(news, contact, 'skipped_no_consent')).toContain('has not agreed');
      await branched(contact, 'skipped_no_consent News');
      await world.hubspot(`portals/${PORTAL}/records/contacts/${contact}`, 'PATCH', {
        values: { line_consent: 'granted' },
      });
      await enroll(news, contact, 'sent');
      expect(await onPhone()).toBe(2);

      await world.phone(`channels/${channel}`, 'PATCH', { quota: 0 });
      try {
        expect(await enroll(welcome, contact, 'held_quota')).toContain('used up');
      } finally {
        await world.phone(`channels/${channel}`, 'PATCH', { quota: 100_000 });
      }

      await stage.open('ext=pages&path=/templates');
      const row = page.getByRole('row').filter({ hasText: '歓迎メッセージ Welcome' });
      await row.getByTestId('remove-template').click();
      const used = say('en', 'templates', 'used.workflow').split('{')[0] ?? '';
      await page.getByRole('dialog').getByRole('link', { name: used }).first().waitFor();
      await page.getByRole('dialog').getByTestId('remove-template-go').click();
      await row.waitFor({ state: 'detached' });
      expect(await enroll(welcome, contact, 'failed')).toContain('template was deleted');
      expect(await onPhone()).toBe(2);
    }, 300_000);
  });
}

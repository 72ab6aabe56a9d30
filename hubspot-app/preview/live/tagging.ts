import { describe, expect, it } from 'vitest';
import { say, stage } from './stage.ts';
import { PORTAL } from './world.mjs';

interface Option {
  value: string;
  label: string;
  hidden: boolean;
}

/** How HubSpot offers a tag. */
async function offered(value: string): Promise<{ label: string; hidden: boolean } | undefined> {
  const properties: { name: string; options: Option[] }[] = await stage.world.hubspot(
    `portals/${PORTAL}/properties/contacts`,
  );
  const option = properties.find((p) => p.name === 'line_tags')?.options.find((o) => o.value === value);
  return option && { label: option.label, hidden: option.hidden };
}

export function tagging() {
  describe('tags', () => {
    it('one is made, given, deleted and restored, and both sides follow', async () => {
      const { world, page } = stage;
      const { contact, user } = await stage.linkedContact();
      const name = '早起き Early birds';
      await stage.open('ext=pages&path=/tags');
      await page.getByTestId('create-tag').click();
      await page.getByRole('dialog').getByRole('textbox').fill(name);
      await page.getByTestId('create-tag-confirm').click();
      const row = () => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
      await row().waitFor();
      const { items } = await world.api('/tags?slot=1');
      const { id } = items.find((t: { name: string }) => t.name === name);

      await stage.open(`ext=pages&path=/friends/1/${user}`);
      await page.getByTestId('edit-tags').click();
      await page.getByRole('button', { name: say('en', 'friends', 'tags') }).click();
      await page.getByRole('checkbox', { name }).check();
      await page.keyboard.press('Escape');
      await page.getByTestId('save-tags').click();
      await page.getByTestId('edit-tags').waitFor();
      const inHubSpot = async () => (await stage.value(contact, 'line_tags'))?.split(';').includes(id) ?? false;
      const here = async () => {
        const friend = await world.api(`/friends/1/${user}`);
        return friend.tags.some((t: { id: string }) => t.id === id);
      };
      await expect.poll(inHubSpot, { timeout: 60_000, interval: 500 }).toBe(true);

      await stage.open('ext=pages&path=/tags/1');
      await row().getByRole('cell', { name: '1', exact: true }).waitFor();
      await row().getByTestId('remove-tag').click();
      await page.getByText(say('en', 'tags', 'delete.unused')).waitFor();
      await page.getByRole('dialog').getByTestId('remove-tag-go').click();
      await row().waitFor({ state: 'detached' });
      await expect.poll(inHubSpot, { timeout: 60_000, interval: 500 }).toBe(false);
      expect(await here()).toBe(false);
      expect(await offered(id)).toEqual({ label: name, hidden: true });

      await page.getByRole('link', { name: say('en', 'tags', 'showDeleted') }).click();
      await row().waitFor();
      await row().getByTestId('restore-tag').click();
      await page.getByRole('dialog').getByTestId('restore-tag-go').click();
      await row().waitFor({ state: 'detached' });
      await page.getByRole('link', { name: say('en', 'tags', 'back') }).click();
      await row().getByTestId('rename-tag').waitFor({ timeout: 60_000 });
      await expect.poll(inHubSpot, { timeout: 60_000, interval: 500 }).toBe(true);
      expect(await here()).toBe(true);
      expect(await offered(id)).toEqual({ label: name, hidden: false });
    }, 240_000);
  });
}

import { describe, expect, it } from 'vitest';
import { say, stage } from './stage.ts';

const NAME = '新茶のご案内 New tea';
const ALT = '新茶が届きました 🍵';
const TARGET = 'https://shop.example/new-tea';

export function broadcasting() {
  describe('from a segment to figures, by clicking', () => {
    it('a card with a counted link is tested, reaches exactly those phones, and its tap is seen', async () => {
      const { world, page } = stage;
      const [tested, other, outside] = [
        await stage.linkedContact(),
        await stage.linkedContact(),
        await stage.linkedContact(),
      ];
      const shown = async ({ channel, person }: typeof tested) => {
        const said: object[] = await world.phone(`chats/${channel}/${person}`);
        return said.map((m) => JSON.stringify(m)).filter((m) => m.includes(ALT));
      };
      const post = (route: string, body: object) =>
        world.api(route, { method: 'POST', body: { requestId: crypto.randomUUID(), slot: 1, ...body } });
      const { tag } = await post('/tags', { name: 'お茶好き Tea' });
      await post('/friends/tags', { users: [tested.user, other.user], add: [tag.id], remove: [] });

      await stage.open('ext=settings');
      await page
        .getByText(say('en', 'settings', 'casts.title'), { exact: true })
        .first()
        .click();
      await page
        .getByLabel(say('en', 'settings', 'casts.tracking'))
        .first()
        .check();
      await page.getByTestId('save-broadcasting').first().click();
      await expect.poll(async () => (await world.api('/accounts/1/broadcasting')).tracking).toBe(true);

      await stage.open('ext=pages&path=/segments');
      await page.getByTestId('create-segment').click();
      await page.getByLabel(say('en', 'segments', 'name')).fill('Tea 🍵');
      await page.getByLabel(say('en', 'segments', 'type.tag'), { exact: true }).selectOption({ label: tag.name });
      await page.getByTestId('save-segment').click();
      await expect
        .poll(async () => (await world.api('/segments?slot=1')).items.map((s: { name: string }) => s.name))
        .toContain('Tea 🍵');

      await stage.open('ext=pages&path=/broadcasts');
      await page.getByTestId('create-broadcast').click();
      const field = (key: Parameters<typeof say<'broadcasts'>>[2]) =>
        page.getByLabel(say('en', 'broadcasts', key), { exact: true });
      await page.locator('input[name=broadcast-name]').fill(NAME);
      await field('audience.label').selectOption({ label: say('en', 'broadcasts', 'audience.segment') });
      await field('audience.segmentChoose').selectOption({ label: 'Tea 🍵' });
      const estimated = page
        .getByText(say('en', 'broadcasts', 'estimate.recipients'))
        .first()
        .locator('..');
      await estimated.getByText('2', { exact: true }).waitFor({ timeout: 20_000 });
      await page.getByTestId('add-card').click();
      await field('field.altText').fill(ALT);
      await field('card.text').fill('今年の新茶です');
      await page.locator('input[name=bubble-0-card-0-button-0-label]').fill('見る');
      await field('action.uriLabel').fill(TARGET);
      await page.getByText('今年の新茶です').last().waitFor();
      await field('tracking.label').selectOption({ label: say('en', 'broadcasts', 'tracking.personal') });

      const query = `/friends?slot=1&follow=following&limit=20&search=${encodeURIComponent(tested.name)}`;
      const { items: found } = await world.api(query);
      const nth = found.findIndex(({ user }: { user: string }) => user === tested.user);
      await field('test.search').fill(tested.name);
      await page.getByTestId(`test-add-${nth}`).click();
      await page.getByTestId('send-test').click();
      await page
        .getByText(say('en', 'broadcasts', 'test.sent'), { exact: true })
        .first()
        .waitFor({ timeout: 30_000 });
      await expect.poll(async () => (await shown(tested)).length, { timeout: 20_000 }).toBe(1);
      expect(await shown(other)).toEqual([]);

      await page.getByTestId('review-draft').click();
      await page.getByText(say('en', 'broadcasts', 'review.ok')).waitFor({ timeout: 30_000 });
      await page.getByTestId('confirm-broadcast').click();
      await page.getByTestId('confirm-broadcast-confirm').click();
      await expect.poll(async () => (await shown(other)).length, { timeout: 60_000, interval: 500 }).toBe(1);
      await expect.poll(async () => (await shown(tested)).length, { timeout: 20_000 }).toBe(2);
      expect(await shown(outside)).toEqual([]);

      const [card = ''] = await shown(other);
      const link = /"uri":"([^"]+)"/.exec(card)?.[1] ?? '';
      expect(link).not.toContain('shop.example');
      const answer = await fetch(link, {
        redirect: 'manual',
        headers: { 'User-Agent': 'Mozilla/5.0 (iPhone) Safari Line/15.12.1' },
      });
      expect(answer.headers.get('location')).toBe(TARGET);
      const clicked = () => stage.value(other.contact, 'last_line_click_date');
      await expect.poll(clicked, { timeout: 60_000, interval: 500 }).toBeTruthy();

      const { items: casts } = await world.api('/broadcasts?slot=1');
      const { id } = casts.find(({ name }: { name: string }) => name === NAME);
      await stage.open(`ext=pages&path=/broadcasts/1/${id}`);
      await page
        .getByText(say('en', 'broadcasts', 'status.sent'), { exact: true })
        .first()
        .waitFor({ timeout: 30_000 });
      const row = page.getByRole('row').filter({ has: page.getByText(TARGET) });
      await row.getByText('1', { exact: true }).first().waitFor();
    }, 300_000);
  });
}

/**
 * From an empty account to a contact with its card, by clicking and typing only.
 *
 * @typedef {object} Tour
 * @property {string} base the preview
 * @property {string} line the LINE sandbox
 * @property {'en' | 'ja'} lang
 * @property {number} portal without the app
 * @property {string} account the name of the LINE account to connect
 * @property {(name: string, page: import('playwright-core').Page) => Promise<void>} [at] called at each step
 */

/** The screen has started, shows the page of the address and waits for no answer. @param {import('playwright-core').Page} page */
export async function settled(page) {
  await page.locator('[data-testid=extension][data-ready=true]').waitFor();
}

/**
 * What a person copies from the LINE sandbox's page.
 *
 * @param {import('playwright-core').BrowserContext} context @param {string} line @param {string} account
 */
export async function copyFromLine(context, line, account) {
  const page = await context.newPage();
  await page.goto(`${line}/_sandbox/`);
  const card = page.locator('article').filter({ hasText: account });
  const [id, secret] = await card
    .locator('[data-copy]')
    .evaluateAll((all) => all.map((e) => e.getAttribute('data-copy') ?? ''));
  await page.close();
  if (!id || !secret) throw new Error(`the LINE sandbox does not show ${account}`);
  return { id, secret };
}

/** @param {import('playwright-core').Page} page @param {string} id @param {string} secret */
export async function connectInWizard(page, id, secret) {
  await page.locator('#channel_id').fill(id);
  await page.locator('#channel_secret').fill(secret);
  await page.locator('form[action="/setup/line/connect"] button').click();
}

/**
 * From the start page to a connected account.
 *
 * @param {import('playwright-core').Page} page
 * @param {Tour} tour
 * @param {boolean} [fumble] type a wrong secret first
 */
export async function install(page, { base, line, lang, portal, account, at = async () => undefined }, fumble = false) {
  await page.goto(`${base}/?lang=${lang}`);
  const mine = page.locator('.portals section').filter({ hasText: `Hub ID ${portal}` });
  await mine.waitFor();
  await at('start', page);
  await mine.locator('a.btn').click();
  await page.locator('button[value=allow]').waitFor();
  await at('install', page);
  await page.locator('button[value=allow]').click();
  await page.locator('#channel_id').waitFor();
  await at('connect', page);
  const { id, secret } = await copyFromLine(page.context(), line, account);
  if (fumble) {
    await connectInWizard(page, id, [...secret].reverse().join(''));
    await page.locator('[role=alert] .fail').first().waitFor();
    await at('connect-refused', page);
  }
  await connectInWizard(page, id, secret);
  await page.locator('#account-1').waitFor();
  await at('connected', page);
}

/**
 * @param {import('playwright-core').Page} page
 * @param {Tour} tour
 * @returns {Promise<import('playwright-core').Page>} shows the contact
 */
export async function walk(page, tour) {
  const { at = async () => undefined } = tour;
  await install(page, tour, true);
  await page.locator('a.main[href*="/app/"]').click();
  // The Dashboard looks again after half a minute when it came before the run.
  await page.getByRole('progressbar').first().waitFor({ timeout: 45_000 });
  await at('first-sync', page);
  await page.getByRole('progressbar').first().waitFor({ state: 'detached', timeout: 60_000 });
  await settled(page);
  await at('dashboard', page);
  await page.getByRole('tab').nth(2).click();
  await settled(page);
  await at('friends', page);
  await page.locator('[data-testid=extension] tbody a').first().click();
  const link = page.locator('a[href*="ext=card"]').first();
  await link.waitFor();
  await settled(page);
  await at('friend', page);
  const [contact] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
  await contact.getByTestId('edit-tags').waitFor();
  await settled(contact);
  await at('contact', contact);
  return contact;
}

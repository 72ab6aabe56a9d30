import type { Page } from 'playwright-core';
import { stage } from './stage.ts';
import { settled } from './tour.mjs';
import type { Sent } from './world.mjs';

/** Something a person can act on. Rows of a table and options of a list are alike, so the first one stands for all. */
export interface Element {
  key: string;
  kind: 'type' | 'choose' | 'click';
  /** Closes, leaves or destroys: to be tried when nothing else is left. */
  last: number;
}

/** A screen to walk over. */
export interface Screen {
  page: Page;
  portal: number;
  /** The screen's address. */
  query: string;
  /** Called with the texts of every new look of the screen. */
  onText: (text: string) => void;
}

/** Runs in the page: what can be acted on now, with a mark to find it by. A dialog keeps what is behind it out of reach. */
function scan(): Element[] {
  const dialogs = [...document.querySelectorAll('[role=dialog]')];
  const scopes = dialogs.length
    ? dialogs.slice(-1)
    : [...document.querySelectorAll('#page-crumbs, #page-actions, .ext')];
  const seen = new Map<string, number>();
  const found: Element[] = [];
  document.querySelectorAll('[data-walk]').forEach((e) => e.removeAttribute('data-walk'));
  const all = scopes.flatMap((scope) => [
    ...scope.querySelectorAll<HTMLInputElement>('a[href], button, input, select, textarea'),
  ]);
  for (const e of all) {
    const row = e.closest('tbody tr') ?? e.closest('[role=option]');
    const again = row && row !== row.parentElement?.firstElementChild;
    const stands =
      e.getAttribute('aria-selected') === 'true' ||
      (e.type === 'radio' && e.checked) ||
      (e.tagName === 'BUTTON' && e.getAttribute('aria-current'));
    if (again || stands || e.disabled || e.readOnly || e.type === 'hidden' || !e.checkVisibility()) continue;
    const label = e.labels?.[0]?.innerText ?? '';
    const name = e.dataset.testid ?? (e.getAttribute('aria-label') || label || e.innerText || e.name || e.placeholder);
    const plain = [
      e.tagName,
      e.type ?? '',
      name
        .trim()
        .replace(/\s+/g, ' ')
        .replace(/[0-9A-HJKMNP-TV-Z]{26}|\d+/g, '#') // ids (ULIDs) and counts
        .slice(0, 60),
      row ? 'row' : '',
    ].join(' ');
    const nth = seen.get(plain) ?? 0;
    seen.set(plain, nth + 1);
    const key = `${plain} ${nth}`;
    e.setAttribute('data-walk', key);
    const typed = e.tagName === 'TEXTAREA' || (e.tagName === 'INPUT' && !['checkbox', 'radio'].includes(e.type));
    const grave =
      /danger|destructive/.test(e.className) || /disconnect|remove|erase|leave/.test(e.dataset.testid ?? '');
    const shuts =
      e.classList.contains('x') || Boolean(dialogs.length && e.closest('footer, .modal-footer, .panel-footer'));
    found.push({
      key,
      kind: typed ? 'type' : e.tagName === 'SELECT' ? 'choose' : 'click',
      last: grave ? 3 : shuts ? 2 : e.tagName === 'A' ? 1 : 0,
    });
  }
  return found;
}

/**
 * Runs in every page of a walk: notes where links to another tab lead instead of opening it. Chromium draws a page that another tab covers once a second,
 * and every click waits for two drawings.
 */
export function stay() {
  const page = window as unknown as { led: string[] };
  page.led = [];
  const note = (e: MouseEvent) => {
    const link = (e.target as HTMLElement).closest<HTMLAnchorElement>('a[target=_blank]');
    if (!link) return;
    e.preventDefault();
    page.led.push(link.href);
  };
  document.addEventListener('click', note, true);
}

/** Runs in the page: from now on `changed` tells whether anything of the screen became different. Reports of earlier deeds go. */
function watch() {
  document.querySelectorAll<HTMLElement>('.toast .x').forEach((x) => x.click());
  const page = window as unknown as { changed: () => boolean; led: string[]; seen?: MutationObserver };
  const values = () =>
    [...document.querySelectorAll<HTMLInputElement>('input, select, textarea')]
      .map((e) => `${e.value} ${e.checked}`)
      .join('\n');
  const [at, held] = [location.href, values()];
  let other = false;
  page.led = [];
  page.seen?.disconnect();
  page.seen = new MutationObserver((records) => {
    const own = (r: MutationRecord) => r.type === 'attributes' && /^data-(walk|ready)$/.test(r.attributeName ?? '');
    other ||= records.some((r) => !own(r));
  });
  page.seen.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  page.changed = () => other || location.href !== at || values() !== held;
}

/** Runs in the page: what the extension shows, without HubSpot's record around it. */
const texts = () =>
  [
    ...document.querySelectorAll<HTMLElement>('#page-title, #page-crumbs, #page-actions, .ext, [role=dialog], .toast'),
  ].map((e) => e.innerText);

/** Runs in the page: an open list may lie over what is to be clicked. */
function covered(key: string): boolean {
  const e = document.querySelector(`[data-walk="${CSS.escape(key)}"]`);
  if (!e) return false;
  e.scrollIntoView({ block: 'center' });
  const { left, top, width, height } = e.getBoundingClientRect();
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  return hit?.closest('.multi-list, .menu-list') != null && !hit.contains(e) && !e.contains(hit);
}

const typedInto = (type: string | null) =>
  type === 'number' ? '7' : type === 'time' ? '08:30' : type === 'date' ? '2026-11-24' : 'a';

/** What a screen asks by itself, again and again. */
const POLLED = /^\/(status|contacts\/\d+|accounts\/\d+\/import|runs\/[^/]+)$/;
const deliberate = (portal: number) => (call: Sent) =>
  call.portal === portal && (call.method !== 'GET' || !POLLED.test(call.path));

const SOON_MS = 10_000;

/** Whether anything came of an act: a request, a navigation or another state of the screen. */
async function cameOfIt({ page, portal }: Screen, requests: number) {
  for (const until = Date.now() + SOON_MS; Date.now() < until; ) {
    if (stage.world.sent.slice(requests).some(deliberate(portal))) return true;
    // Another document is a navigation.
    if (await page.evaluate('!window.changed || window.led.length > 0 || window.changed()').catch(() => true))
      return true;
    await page.waitForTimeout(25);
  }
  return false;
}

/** Acts on one and tells whether anything came of it. */
async function act(screen: Screen, { key, kind }: Element, again = false): Promise<'alive' | 'dead' | 'gone'> {
  const { page } = screen;
  const it = page.locator(`[data-walk="${key.replace(/["\\]/g, '\\$&')}"]`);
  if (await page.evaluate(covered, key)) await page.keyboard.press('Escape');
  await page.evaluate(watch);
  const requests = stage.world.sent.length;
  try {
    if (kind === 'type') {
      const type = await it.getAttribute('type', { timeout: 3_000 });
      await it.fill((await it.inputValue()) + typedInto(type)).catch(() => it.fill(typedInto(type)));
      await it.blur().catch(() => undefined);
    } else if (kind === 'choose') {
      const options = await it
        .locator('option:not([disabled])')
        .evaluateAll((all) => all.map((o) => (o as HTMLOptionElement).value));
      const now = await it.inputValue({ timeout: 3_000 });
      const other = options.find((o) => o !== now);
      if (other === undefined) return 'alive'; // nothing to choose
      await it.selectOption({ value: other }); // a plain text may also be another option's label
    } else await it.click({ timeout: 3_000 });
    return (await cameOfIt(screen, requests)) ? 'alive' : 'dead';
  } catch (e) {
    // An answer came in between and closed what it was in, or took its purpose. What stays is told apart at the second attempt.
    if (again && (await it.count()) > 0 && (await it.isEnabled())) throw e;
    return 'gone';
  }
}

/** More than any screen has: an element that breeds others would never end. */
const MOST = 200;

/**
 * Acts on everything of a screen, also on what appears on the way; what has gone is brought back by doing again what had shown it.
 * Answers what was acted on, and what nothing came of.
 */
export async function walkScreen(screen: Screen): Promise<{ acted: string[]; dead: string[] }> {
  const { page, query } = screen;
  const done = new Set<string>();
  const acted: string[] = [];
  const tried = new Set<string>();
  const dead: string[] = [];
  const shownBy = new Map<string, Element | null>();
  const known = new Map<string, Element>();
  let latest: Element | null = null;

  const visible = async () => {
    const now = await page.evaluate(scan);
    for (const element of now) {
      known.set(element.key, element);
      if (!shownBy.has(element.key)) shownBy.set(element.key, latest);
    }
    return now;
  };
  const again = async () => {
    await stage.show(page, query);
    latest = null;
  };
  const bringBack = async (key: string) => {
    const way: Element[] = [];
    for (let e = shownBy.get(key); e && !way.includes(e); e = shownBy.get(e.key)) way.unshift(e);
    await again();
    for (const step of way) {
      if (!(await visible()).some((e) => e.key === step.key)) return false;
      await act(screen, step);
      await settled(page);
      latest = step;
    }
    return (await visible()).some((e) => e.key === key);
  };

  await again();
  for (let i = 0; ; i++) {
    if (i === MOST) throw new Error(`still more after ${MOST}: ${[...done].slice(-10).join(', ')}`);
    const now = await visible();
    screen.onText((await page.evaluate(texts)).join('\n'));
    const left = now.filter((e) => !done.has(e.key)).sort((a, b) => a.last - b.last);
    const hidden = [...known.values()]
      .filter((e) => !done.has(e.key) && !now.some((seen) => seen.key === e.key))
      .sort((a, b) => a.last - b.last);
    const next = left[0] && (left[0].last < 3 || !hidden.some((e) => e.last < 3)) ? left[0] : hidden[0];
    if (!next) break;
    if (!left.includes(next) && !(await bringBack(next.key))) {
      done.add(next.key); // it belonged to something that is no more
      continue;
    }
    const at = page.url();
    const outcome = await act(screen, next, tried.has(next.key));
    if (outcome !== 'gone') acted.push(next.key);
    if (outcome !== 'gone' || tried.has(next.key)) done.add(next.key);
    if (outcome === 'dead') dead.push(next.key);
    if (outcome === 'alive') latest = next;
    tried.add(next.key);
    if (page.url() !== at) {
      await page.goBack();
      latest = null;
      if (page.url() !== at) await again();
    }
    await settled(page);
  }
  return { acted, dead };
}

import type { Page } from 'playwright-core';
import { stage } from './stage.ts';
import { settled } from './tour.mjs';

/** Something a person can act on. Rows of a table are alike, so the first one stands for all. */
export interface Element {
  key: string;
  kind: 'type' | 'choose' | 'click';
  /** Closes, leaves or destroys: to be tried when nothing else is left. */
  last: number;
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
    const row = e.closest('tbody tr');
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
      name.trim().replace(/\s+/g, ' ').replace(/\d+/g, '#').slice(0, 60),
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

/** Runs in the page: everything that acting on something could change. */
function look(): string {
  const fields = [...document.querySelectorAll<HTMLInputElement>('input, select, textarea')];
  const values = fields.map((e) => `${e.value} ${e.checked}`).join('\n');
  const html = document.body.innerHTML.replaceAll(/ data-walk="[^"]*"/g, '');
  return `${location.href}\n${values}\n${html}`;
}

const typedInto = (type: string | null) =>
  type === 'number' ? '7' : type === 'time' ? '08:30' : type === 'date' ? '2026-11-24' : 'a';

/** Acts on one and tells whether anything came of it: a request, a navigation or another state of the screen. */
async function act(page: Page, { key, kind }: Element, again = false): Promise<'alive' | 'dead' | 'gone'> {
  const { world } = stage;
  const it = page.locator(`[data-walk="${key.replace(/["\\]/g, '\\$&')}"]`);
  const [before, requests] = [await page.evaluate(look), world.sent.length];
  let opened = false;
  const popup = (p: Page) => {
    opened = true;
    void p.close();
  };
  page.on('popup', popup);
  try {
    if (kind === 'type') {
      const type = await it.getAttribute('type');
      await it.fill((await it.inputValue()) + typedInto(type)).catch(() => it.fill(typedInto(type)));
      await it.blur().catch(() => undefined);
    } else if (kind === 'choose') {
      const options = await it
        .locator('option:not([disabled])')
        .evaluateAll((all) => all.map((o) => (o as HTMLOptionElement).value));
      const now = await it.inputValue();
      const other = options.find((o) => o !== now);
      if (other === undefined) return 'alive'; // nothing to choose
      await it.selectOption(other);
    } else await it.click({ timeout: 3_000 });
    for (let i = 0; i < 40; i++) {
      if (opened || world.sent.length > requests || (await page.evaluate(look)) !== before) return 'alive';
      await page.waitForTimeout(50);
    }
    return 'dead';
  } catch (e) {
    // An answer came in between and closed what it was in, or took its purpose. What stays is told apart at the second attempt.
    if (again && (await it.count()) > 0 && (await it.isEnabled())) throw e;
    return 'gone';
  } finally {
    page.off('popup', popup);
  }
}

const MOST = 150;

/**
 * Acts on everything of a screen, also on what appears on the way; what has gone is brought back by doing again what had shown it.
 * Answers what nothing came of.
 */
export async function walkScreen(
  page: Page,
  open: () => Promise<void>,
  onLook: () => Promise<void>,
): Promise<{ acted: string[]; dead: string[] }> {
  const done = new Set<string>();
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
    await open();
    latest = null;
  };
  const bringBack = async (key: string) => {
    const way: Element[] = [];
    for (let e = shownBy.get(key); e && !way.includes(e); e = shownBy.get(e.key)) way.unshift(e);
    await again();
    for (const step of way) {
      if (!(await visible()).some((e) => e.key === step.key)) return false;
      await act(page, step);
      latest = step;
    }
    return (await visible()).some((e) => e.key === key);
  };

  await again();
  for (let i = 0; i < MOST; i++) {
    const now = await visible();
    await onLook();
    const left = now.filter((e) => !done.has(e.key)).sort((a, b) => a.last - b.last);
    const hidden = [...known.values()]
      .filter((e) => !done.has(e.key) && !left.includes(e))
      .sort((a, b) => a.last - b.last);
    const next = left[0] && (left[0].last < 3 || !hidden.some((e) => e.last < 3)) ? left[0] : hidden[0];
    if (!next) break;
    if (!left.includes(next) && !(await bringBack(next.key))) {
      done.add(next.key); // it belonged to something that is no more
      continue;
    }
    const at = page.url();
    const outcome = await act(page, next, tried.has(next.key));
    if (outcome !== 'gone' || tried.has(next.key)) done.add(next.key);
    if (outcome === 'dead') dead.push(next.key);
    if (outcome === 'alive') latest = next;
    tried.add(next.key);
    if (page.url() !== at) {
      // Going back shows the screen anew, which is all that is wanted, and is quicker than another page.
      await page.goBack();
      latest = null;
      if (page.url() !== at) await again();
      else await settled(page);
    }
  }
  return { acted: [...done], dead };
}

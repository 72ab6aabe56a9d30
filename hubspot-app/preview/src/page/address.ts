import { useSyncExternalStore } from 'react';

export const EXTENSIONS = ['card', 'sidebar', 'company', 'pages', 'settings'] as const;
export type ExtensionName = (typeof EXTENSIONS)[number];
/** Everything that the preview shows: where to begin, and the extensions. */
export const SCREENS = ['start', ...EXTENSIONS] as const;
export type ScreenName = (typeof SCREENS)[number];
export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What the address of the preview selects. Zero ids mean "the first there is". */
export interface Selection {
  ext: ScreenName;
  portalId: number;
  objectId: number;
  lang: Language;
  path: string;
  params: Record<string, string>;
  bare: boolean;
}

const PARAM = 'p.';
const one = <T extends string>(all: readonly T[], value: string | null, otherwise: T): T =>
  all.find((x) => x === value) ?? otherwise;
const id = (value: string | null) => (/^\d{1,15}$/.test(value ?? '') ? Number(value) : 0);

const REMEMBERED = 'preview.lang';
/** The language that was chosen last, for addresses that do not say: the sandboxes' links do not. */
const remembered = () => (typeof localStorage === 'undefined' ? null : localStorage.getItem(REMEMBERED));
export const remember = (lang: Language) => localStorage.setItem(REMEMBERED, lang);

export function parse(search: string): Selection {
  const q = new URLSearchParams(search);
  const path = q.get('path') ?? '/';
  return {
    ext: one(SCREENS, q.get('ext'), 'start'),
    portalId: id(q.get('portalId')),
    objectId: id(q.get('objectId')),
    lang: one(LANGUAGES, q.get('lang') ?? remembered(), 'en'),
    path: path.startsWith('/') ? path : `/${path}`,
    params: Object.fromEntries(
      [...q].filter(([name]) => name.startsWith(PARAM)).map(([name, value]) => [name.slice(PARAM.length), value]),
    ),
    bare: q.has('bare'),
  };
}

export function format(s: Selection): string {
  const q = new URLSearchParams({ ext: s.ext });
  if (s.portalId) q.set('portalId', String(s.portalId));
  if (s.objectId && !['start', 'pages', 'settings'].includes(s.ext)) q.set('objectId', String(s.objectId));
  if (s.ext === 'pages') {
    q.set('path', s.path);
    for (const [name, value] of Object.entries(s.params)) q.set(PARAM + name, value);
  }
  q.set('lang', s.lang);
  if (s.bare) q.set('bare', '1');
  return `?${q.toString().replaceAll('%2F', '/')}`;
}

const listeners = new Set<() => void>();
let current = typeof location === 'undefined' ? parse('') : parse(location.search);
const changed = () => {
  current = parse(location.search);
  for (const listener of listeners) listener();
};
if (typeof window !== 'undefined') window.addEventListener('popstate', changed);

export function go(patch: Partial<Selection>) {
  history.pushState(null, '', format({ ...current, ...patch }));
  changed();
}

/** Writes into the address what it left open, without a step for the back button. */
export function settle(patch: Partial<Selection>) {
  history.replaceState(null, '', format({ ...current, ...patch }));
  changed();
}

export const useSelection = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );

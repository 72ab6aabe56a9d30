import { useExtensionContext } from '@hubspot/ui-extensions';
import { useCallback } from 'react';
import { dictionaries, type Area, type Key } from './index.ts';
import { fill, languageOf, type Language, type Values } from './words.ts';

export type Say<A extends Area> = (key: Key<A>, values?: Values) => string;

/** The user's language, and the locale that numbers and dates follow. */
export function useLanguage(): { language: Language; locale: string } {
  const { user } = useExtensionContext();
  const language = languageOf(user.language ?? user.locale);
  const locale = user.locale?.replace('_', '-');
  return { language, locale: locale && locale.toLowerCase().startsWith(language) ? locale : language };
}

/** The words of one screen: `const t = useText('dashboard'); t('title')`. */
export function useText<A extends Area>(area: A): Say<A> {
  const { language, locale } = useLanguage();
  return useCallback(
    (key, values = {}) => fill((dictionaries[area][language] as Record<string, string>)[key] ?? key, values, locale),
    [area, language, locale],
  );
}

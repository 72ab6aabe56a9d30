/** The languages of the screens. HubSpot says which one the user reads; English is for everybody else. */
export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The same keys in every language: a missing or additional one does not compile. */
export type Words<K extends string> = Readonly<Record<K, string>>;

export function words<const E extends Readonly<Record<string, string>>>(both: {
  en: E;
  ja: Words<keyof E & string>;
}): { en: Words<keyof E & string>; ja: Words<keyof E & string> } {
  return both;
}

export function languageOf(userLanguage: string | undefined): Language {
  return userLanguage?.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}

export type Values = Readonly<Record<string, string | number>>;

/** Fills `{name}` and, for numbers, `{name|one|many}`. A missing value stays visible, so that nobody overlooks it. */
export function fill(text: string, values: Values, locale: string): string {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    if (many !== undefined) return Number(value) === 1 ? (one ?? '') : many;
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

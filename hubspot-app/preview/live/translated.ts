import { dictionaries } from '../../src/app/packages/screens/src/i18n/index.ts';

type Texts = Readonly<Record<string, string>>;

const [english, japanese] = (['en', 'ja'] as const).map((lang) =>
  Object.values(dictionaries).flatMap((d) => Object.entries(d[lang] as Texts)),
) as [[string, string][], [string, string][]];
const same = new Set(japanese.map(([, text]) => text));
const foreign = new Set(english.map(([, text]) => text).filter((text) => /[a-z]{3}/.test(text) && !same.has(text)));
const keys = new Set(english.map(([key]) => key).filter((key) => key.includes('.')));

/** Lines of a Japanese screen that are English words of ours, or keys without a word. */
export const untranslated = (screen: string): string[] =>
  screen
    .split(/[\n\t]/)
    .map((line) => line.trim())
    .filter((line) => foreign.has(line) || keys.has(line));

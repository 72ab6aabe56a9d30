export * from './i18n/index.ts';
export * from './i18n/useText.ts';
export * from './i18n/words.ts';

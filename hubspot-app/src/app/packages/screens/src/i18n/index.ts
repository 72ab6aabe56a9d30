import { card } from './card.ts';
import { common } from './common.ts';
import { friends } from './friends.ts';
import { settings } from './settings.ts';

/** One dictionary for each screen, so that people work on them side by side. */
export const dictionaries = { common, friends, settings, card };

export type Area = keyof typeof dictionaries;
export type Key<A extends Area> = keyof (typeof dictionaries)[A]['en'] & string;

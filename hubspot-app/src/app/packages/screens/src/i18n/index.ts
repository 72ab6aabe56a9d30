import { broadcasts } from './broadcasts.ts';
import { card } from './card.ts';
import { common } from './common.ts';
import { dashboard } from './dashboard.ts';
import { errors } from './errors.ts';
import { friends } from './friends.ts';
import { help } from './help.ts';
import { linkage } from './linkage.ts';
import { lists } from './lists.ts';
import { segments } from './segments.ts';
import { settings } from './settings.ts';
import { syncData } from './syncData.ts';
import { tags } from './tags.ts';
import { templates } from './templates.ts';

/** One dictionary for each screen, so that people work on them side by side. */
export const dictionaries = {
  common,
  errors,
  help,
  dashboard,
  syncData,
  linkage,
  lists,
  friends,
  tags,
  segments,
  broadcasts,
  templates,
  settings,
  card,
};

export type Area = keyof typeof dictionaries;
export type Key<A extends Area> = keyof (typeof dictionaries)[A]['en'] & string;

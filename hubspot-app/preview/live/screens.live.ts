// The shipped bundles in Chromium, on the real functions and both sandboxes. One system and one browser for all.
import { afterAll, beforeAll, beforeEach, expect, onTestFailed } from 'vitest';
import { launch } from '../../tools/browser.mjs';
import { broadcasting } from './broadcasting.ts';
import { everything } from './everything.ts';
import { flows } from './flows.ts';
import { inbox } from './inbox.ts';
import { linking } from './linking.ts';
import { many } from './many.ts';
import { numbers } from './numbers.ts';
import { stage } from './stage.ts';
import { symptoms } from './symptoms.ts';
import { tagging } from './tagging.ts';
import { tours } from './tours.ts';
import { workflows } from './workflows.ts';
import { startWorld } from './world.mjs';

beforeAll(async () => {
  [stage.world, stage.browser] = await Promise.all([startWorld({ contacts: 60, friends: 40, linked: 20 }), launch()]);
  // Takes a minute, beside the other tests; who needs it learns how it ended.
  stage.many().catch(() => undefined);
}, 300_000);

afterAll(async () => {
  await stage.browser?.close();
  await stage.world?.close();
}, 30_000);

beforeEach(async () => {
  await stage.fresh();
  onTestFailed(({ task }) => stage.picture(task.name));
  return () => expect(stage.errors).toEqual([]);
}, 30_000);

numbers();
tours();
flows();
broadcasting();
tagging();
inbox();
linking();
workflows();
symptoms();
everything();
many();

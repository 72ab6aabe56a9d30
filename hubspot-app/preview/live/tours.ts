import { describe, expect, it } from 'vitest';
import { LANGUAGES, stage } from './stage.ts';

const STEPS = [
  'start',
  'install',
  'connect',
  'connect-refused',
  'connected',
  'first-sync',
  'dashboard',
  'friends',
  'friend',
  'contact',
];

export function tours() {
  describe('from an empty account to a synced one, by clicking', () => {
    it.each(LANGUAGES)(
      'works (%s)',
      async (lang) => {
        const { world } = stage;
        const { steps, portal, card } = await stage.tour(lang);
        expect(steps.map((step) => step.name)).toEqual(STEPS);
        const text = (name: string) => steps.find((step) => step.name === name)?.text ?? '';
        expect(text('connect-refused')).toContain('LINE_TOKEN');
        expect(text('first-sync')).toContain('%');
        const id = Number(new URL(card).searchParams.get('objectId'));
        const { values } = await world.hubspot(`portals/${portal}/records/contacts/${id}`);
        expect(values.line_display_name).toBeTruthy();
        expect(text('contact')).toContain(values.line_display_name);
        // Nothing but the first and last name is mapped at first, and the sandbox agrees on how many there are.
        const records: { values: Record<string, string> }[] = await world.hubspot(`portals/${portal}/records/contacts`);
        const linked = records.filter((r) => r.values.line_user_id).length;
        expect((await world.api('/status', { portal })).counters.friends).toBe(linked);
      },
      150_000,
    );
  });
}

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
        const { steps, name, linked, friends } = await stage.tour(lang);
        expect(steps.map((step) => step.name)).toEqual(STEPS);
        const text = (name: string) => steps.find((step) => step.name === name)?.text ?? '';
        expect(text('connect-refused')).toContain('LINE_TOKEN');
        expect(text('first-sync')).toContain('%');
        expect(name).toBeTruthy();
        expect(text('contact')).toContain(name);
        // All friends of the account are linked, and the sandbox agrees on how many they are.
        expect(friends).toBe(linked);
      },
      300_000,
    );
  });
}

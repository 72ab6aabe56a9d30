import fs from 'node:fs';
import { expect, it } from 'vitest';
import { DOCUMENT, sourceOf, TYPES, typesOf } from './types.mjs';

const document = fs.readFileSync(DOCUMENT, 'utf8');

/** Descriptions may differ; names, types and what is required may not. */
const bare = (text) => text.replace(/^ *\/\*\*.*\*\/\n/gm, '');

it('has types that say what docs/openapi/app-api.yaml says (if not: npm run types)', async () => {
  expect(bare(fs.readFileSync(TYPES, 'utf8'))).toBe(bare(await typesOf(document)));
});

it.each([
  ['property', 'percent: { type: integer, nullable: true }', 'per_cent: { type: integer, nullable: true }'],
  ['list of what is required', 'required: [confirmed]', 'required: []'],
  ['value', 'enum: [Normal, Syncing,', 'enum: [Fine, Syncing,'],
  ['parameter', 'Limit: { name: limit', 'Limit: { name: count'],
])('notices another %s', (_, old, other) => {
  expect(document).toContain(old);
  expect(sourceOf(document.replace(old, other))).not.toBe(sourceOf(document));
});

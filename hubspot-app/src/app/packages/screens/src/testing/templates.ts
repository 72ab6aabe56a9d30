import type { Template } from '../api/types.ts';
import { NOON } from './samples.ts';

export const template = (more: Partial<Template> = {}): Template => ({
  id: 'tpl1',
  slot: 1,
  name: 'Welcome 🌸',
  summary: 'Hello you',
  createdAt: NOON,
  updatedAt: NOON,
  updatedBy: 'ann@acme.example',
  bubbles: [{ kind: 'text', text: 'Hello {{line.name|you}}' }],
  usedBy: [],
  ...more,
});

import { createRenderer } from '@hubspot/ui-extensions/testing';
import type { ReactNode } from 'react';
import { ORIGIN } from './server.ts';

type Place = 'pages' | 'settings' | 'crm.record.tab' | 'crm.record.sidebar';

/** HubSpot's renderer, which waits for a second; a machine with other work takes longer. */
export function rendererFor<P extends Place>(place: P) {
  const renderer = createRenderer(place);
  const { waitFor } = renderer;
  return Object.assign(renderer, {
    waitFor: (check: () => void) => waitFor(check, { timeoutInMs: 20_000 }),
  });
}

/** Renders with the address of the fake server, a language, and a user who may manage integrations or not. */
export function show<P extends Place>(place: P, node: ReactNode, language: 'en' | 'ja' = 'en', manages = true) {
  const renderer = rendererFor(place);
  const context = renderer.mocks.context;
  context.variables = { API_ORIGIN: ORIGIN };
  context.user.language = language;
  context.user.locale = language;
  context.user.permissions = manages ? ['integrations-management-write'] : [];
  renderer.render(node);
  return renderer;
}

interface Node {
  nodeType: string;
  text?: string | null;
  childNodes?: Node[];
  props?: Record<string, unknown>;
}

/** All texts on the screen, with those of overlays. */
export function textsOf(node: unknown): string[] {
  const { nodeType, text, childNodes = [], props = {} } = node as Node;
  if (nodeType === 'text') return text ? [text] : [];
  const own = ['label', 'title', 'description', 'valueDescription', 'number', 'placeholder', 'validationMessage']
    .map((name) => props[name])
    .filter((value): value is string | number => typeof value === 'string' || typeof value === 'number')
    .map(String);
  const overlay = props.overlay ? textsOf(props.overlay) : [];
  return [...own, ...childNodes.flatMap(textsOf), ...overlay];
}

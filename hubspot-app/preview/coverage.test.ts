import { describe, expect, it, vi } from 'vitest';

// The SDK is installed for the app, not for the preview.
const sdk = '../src/app/node_modules/@hubspot/ui-extensions/dist';
const { __hubSpotComponentRegistry: registry, ...everything } = await import(
  `${sdk}/shared.synced/remoteComponents.synced.js`
);
const entries: Record<string, Record<string, unknown>> = {
  '.': await import(`${sdk}/index.js`),
  './crm': await import(`${sdk}/crm/index.js`),
  './pages': await import(`${sdk}/pages/index.js`),
  './pages/home': await import(`${sdk}/pages/home/index.js`),
};

vi.stubGlobal('document', { getElementById: () => null });
const { components } = await import('./src/components/index.ts');

/** Exports that begin with a capital and are no component of HubSpot's. */
const NO_COMPONENT = new Set([
  'PageRoutes', // the route table that createPageRouter reads; never rendered
  'ExtensionEvent',
  'FormSubmitExtensionEvent',
  'RemoteEvent',
  'ServerlessExecutionStatus',
]);

/** Not stable: the app may not use them (HubSpot's lint warns), so the preview does not know them. */
const EXPERIMENTAL =
  /^(Experimental\w+|Iframe|MediaObject|Stack2|Center|Grid|GridItem|SettingsView|ExpandableText|FileInput|FileUpload|FileViewer)$/;

/** A component with those that hang on it, as Dropdown.ButtonItem. */
function withParts(value: unknown): unknown[] {
  const parts = value && (typeof value === 'function' || typeof value === 'object') ? Object.entries(value) : [];
  return [value, ...parts.filter(([name]) => /^[A-Z]/.test(name)).map(([, part]) => part)];
}
const nameOf = (component: unknown) => registry.getComponentName(component) as string | null;

describe('components', () => {
  it.each(Object.keys(entries))('shows everything that %s exports', (entry) => {
    const exported = Object.entries(entries[entry]!).filter(([name]) => /^[A-Z][a-z]/.test(name));
    expect(exported.length).toBeGreaterThan(1);
    const unknown = exported.filter(([name, value]) => !NO_COMPONENT.has(name) && !nameOf(value)).map(([name]) => name);
    expect(unknown).toEqual([]);
    const missing = exported
      .flatMap(([, value]) => withParts(value))
      .map(nameOf)
      .filter((name) => name && !components[name]);
    expect(missing).toEqual([]);
  });

  it('shows every name that a worker may send, but the experimental ones', () => {
    const names = Object.values(everything)
      .flatMap(withParts)
      .map(nameOf)
      .filter((name): name is string => name !== null);
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !components[name] && !EXPERIMENTAL.test(name))).toEqual([]);
    expect(Object.keys(components).filter((name) => !registry.isAllowedComponentName(name))).toEqual([]);
  });
});

import { useExtensionContext } from '@hubspot/ui-extensions';

/** Where the server is: `API_ORIGIN` of the deployment's profile, the same that app-hsmeta.json permits. */
export function useOrigin(): string {
  const { variables } = useExtensionContext();
  return String(variables?.API_ORIGIN ?? '').replace(/\/+$/, '');
}

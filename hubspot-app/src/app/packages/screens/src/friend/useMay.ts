import { useExtensionContext } from '@hubspot/ui-extensions';
import type { May } from '../api/types.ts';
import { useApi } from '../api/useApi.ts';

const ALL: May = {
  sync: true,
  edit_friends: true,
  send_messages: true,
  edit_mappings: true,
  manage_accounts: true,
  change_settings: true,
  disconnect: true,
};

const NOTHING = Object.fromEntries(Object.keys(ALL).map((action) => [action, false])) as unknown as May;

/**
 * What the user may do, for enabling buttons. While that is being asked nothing is offered, so that no button is taken away again; when
 * it cannot be learnt everything is: the server decides anyway.
 */
export function useMay(): May {
  const { data, error } = useApi('GET /settings', {});
  return data?.may ?? (error ? ALL : NOTHING);
}

/**
 * Whether HubSpot lets this user manage integrations, which settings ask for. HubSpot tells only the browser, so this is a display hint;
 * what the server knows of a user decides there (shared/access). A host that says nothing restricts nobody.
 */
export function useManagesIntegrations(): boolean {
  const permissions = useExtensionContext().user.permissions as readonly string[] | undefined;
  return permissions?.includes('integrations-management-write') ?? true;
}

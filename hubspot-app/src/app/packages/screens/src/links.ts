import { useExtensionContext } from '@hubspot/ui-extensions';
import { useMemo } from 'react';
import { useOrigin } from './api/useOrigin.ts';

export interface HubSpotLinks {
  contact: (contactId: string) => string;
  workflow: (workflowId: string) => string;
  /** Where the app's Settings are. */
  settings: string;
  /** Authorize again. */
  reconnect: string;
}

/** Addresses outside the screens. app.hubspot.com leads to the data center of the account; HUBSPOT_APP_URL is for a sandbox. */
export function useHubSpotLinks(): HubSpotLinks {
  const { portal, variables } = useExtensionContext();
  const origin = useOrigin();
  const hubspot = String(variables?.HUBSPOT_APP_URL ?? 'https://app.hubspot.com');
  return useMemo(
    () => ({
      contact: (contactId) => `${hubspot}/contacts/${portal.id}/record/0-1/${contactId}`,
      workflow: (workflowId) => `${hubspot}/workflows/${portal.id}/platform/flow/${workflowId}/edit`,
      settings: `${hubspot}/integrations-settings/${portal.id}/installed`,
      reconnect: `${origin}/oauth/install?portal=${portal.id}`,
    }),
    [hubspot, origin, portal.id],
  );
}

import { Alert, Divider, Flex, Tab, Tabs } from '@hubspot/ui-extensions';
import { Loadable, useApi, useManagesIntegrations, useText, type SettingsPage } from '@lumo/screens';
import { useState } from 'react';
import { Accounts } from './Accounts.tsx';
import { AuditLog } from './AuditLog.tsx';
import { DangerZone } from './DangerZone.tsx';
import { Options } from './Options.tsx';
import { PortalFacts } from './PortalFacts.tsx';
import { QuietHours } from './QuietHours.tsx';

const TABS = ['accounts', 'options', 'audit', 'danger'] as const;
type Place = (typeof TABS)[number];

/**
 * Settings in HubSpot's settings place. Only what the user may do is enabled, and nothing for users whom HubSpot does not let manage
 * integrations; the server decides again.
 */
export const SettingsScreen = () => {
  const t = useText('settings');
  const page = useApi('GET /settings', {});
  const manages = useManagesIntegrations();
  return (
    <Loadable from={page} label={t('loading')}>
      {(data) => <Sections page={manages ? data : readOnly(data)} manages={manages} onChanged={page.reload} />}
    </Loadable>
  );
};

const readOnly = (page: SettingsPage): SettingsPage => ({
  ...page,
  may: { ...page.may, manage_accounts: false, change_settings: false, disconnect: false },
});

interface SectionsProps {
  page: SettingsPage;
  manages: boolean;
  onChanged: () => void;
}

const Sections = ({ page, manages, onChanged }: SectionsProps) => {
  const t = useText('settings');
  const [place, setPlace] = useState<Place>('accounts');
  const { may } = page;
  const denied = {
    accounts: !may.manage_accounts,
    options: !may.change_settings,
    audit: false,
    danger: !may.disconnect,
  };
  const bodies = {
    accounts: <Accounts may={may.manage_accounts} timeZone={page.portal.timeZone} />,
    options: (
      <>
        <Options page={page} onSaved={onChanged} />
        <Divider />
        <QuietHours may={may.change_settings} zone={page.portal.timeZone} />
      </>
    ),
    audit: <AuditLog timeZone={page.portal.timeZone} />,
    danger: <DangerZone may={may.disconnect} onDone={onChanged} />,
  };
  return (
    <Flex direction="column" gap="medium">
      <PortalFacts page={page} />
      <Tabs
        selected={place}
        onSelectedChange={(to: string | number) => setPlace(TABS.find((tab) => tab === to) ?? 'accounts')}
      >
        {TABS.map((tab) => (
          <Tab key={tab} tabId={tab} title={t(`tab.${tab}`)}>
            {tab === place && (
              <Flex direction="column" gap="medium">
                {denied[tab] && <Alert variant="info" title={t(manages ? 'denied' : 'denied.integrations')} />}
                {bodies[tab]}
              </Flex>
            )}
          </Tab>
        ))}
      </Tabs>
    </Flex>
  );
};

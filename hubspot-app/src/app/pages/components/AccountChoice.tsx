import { EmptyState, Flex, Link, Select, Text } from '@hubspot/ui-extensions';
import { Loadable, useApi, useHubSpotLinks, useText, type Account, type Slot } from '@lumo/screens';
import { useState, type ReactNode } from 'react';

/** What is shown of one LINE account at a time; with several, one is chosen. */
export const AccountChoice = ({ loading, children }: { loading: string; children: (slot: Slot) => ReactNode }) => {
  const accounts = useApi('GET /accounts', {});
  return (
    <Loadable from={accounts} label={loading}>
      {({ items }) => (items.length === 0 ? <NoAccount /> : <Chosen accounts={items}>{children}</Chosen>)}
    </Loadable>
  );
};

/** Says how to get a LINE account. */
export const NoAccount = () => {
  const t = useText('friends');
  const words = useText('common');
  const links = useHubSpotLinks();
  return (
    <EmptyState title={t('empty.account')} layout="vertical" reverseOrder imageName="integrations" imageWidth={120}>
      <Text>{t('empty.accountText')}</Text>
      <Link href={links.settings}>{words('openSettings')}</Link>
    </EmptyState>
  );
};

const Chosen = ({ accounts, children }: { accounts: Account[]; children: (slot: Slot) => ReactNode }) => {
  const t = useText('friends');
  const first = accounts.find(({ state }) => state === 'active') ?? accounts[0];
  const [chosen, setChosen] = useState<number | null>(null);
  const slot = chosen ?? first?.slot ?? 1;
  return (
    <Flex direction="column" gap="medium">
      {accounts.length > 1 && (
        <Select
          name="account"
          label={t('account')}
          value={slot}
          options={accounts.map((account) => ({
            value: account.slot,
            label: account.state === 'active' ? account.name : t('accountOff', { name: account.name }),
          }))}
          onChange={(value) => setChosen(Number(value))}
        />
      )}
      {children(slot)}
    </Flex>
  );
};

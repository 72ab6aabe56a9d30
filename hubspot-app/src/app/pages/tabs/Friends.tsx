import { EmptyState, Flex, Link, Select, Text } from '@hubspot/ui-extensions';
import { Loadable, useApi, useHubSpotLinks, useText, type Account } from '@lumo/screens';
import { useState } from 'react';
import { FriendList } from '../components/friends/FriendList.tsx';

/** The friends of one LINE account at a time (P-140, P-141). */
export const Friends = () => {
  const t = useText('friends');
  const accounts = useApi('GET /accounts', {});
  return (
    <Loadable from={accounts} label={t('loading')}>
      {({ items }) => (items.length === 0 ? <NoAccount /> : <Accounts accounts={items} />)}
    </Loadable>
  );
};

const NoAccount = () => {
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

const Accounts = ({ accounts }: { accounts: Account[] }) => {
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
      <FriendList key={slot} slot={slot} />
    </Flex>
  );
};

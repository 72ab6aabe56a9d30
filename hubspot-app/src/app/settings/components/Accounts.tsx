import { Divider, EmptyState, Flex, Text } from '@hubspot/ui-extensions';
import { Loadable, useApi, useFormat, useText, type Account, type InboxList } from '@lumo/screens';
import { AccountTile } from './AccountTile.tsx';
import { ConnectAccount } from './ConnectAccount.tsx';

const WHILE_WAITING_MS = 5_000;
const waits = (inboxes: InboxList | null) => inboxes?.items.some(({ state }) => state === 'waiting') ?? false;

/** All LINE accounts, those that are connected first. */
export const Accounts = ({ may, timeZone }: { may: boolean; timeZone: string }) => {
  const t = useText('settings');
  const format = useFormat(timeZone);
  const accounts = useApi('GET /accounts', {});
  const inboxes = useApi('GET /inbox', {}, { every: (data) => (waits(data) ? WHILE_WAITING_MS : null) });
  return (
    <Loadable from={accounts} label={t('accounts.loading')}>
      {({ items }) => (
        <Flex direction="column" gap="medium">
          {items.length === 0 && (
            <EmptyState
              title={t('accounts.empty')}
              layout="vertical"
              reverseOrder
              imageName="integrations"
              imageWidth={120}
            >
              <Text>{t('accounts.emptyText')}</Text>
            </EmptyState>
          )}
          <Flex>
            <ConnectAccount may={may} first={items.length === 0} onConnected={accounts.reload} />
          </Flex>
          {sorted(items).map((account) => (
            <Flex key={account.slot} direction="column" gap="medium">
              <Divider />
              <AccountTile account={account} may={may} format={format} onChanged={accounts.reload} inboxes={inboxes} />
            </Flex>
          ))}
        </Flex>
      )}
    </Loadable>
  );
};

const sorted = (accounts: Account[]) =>
  [...accounts].sort((a, b) => Number(b.state === 'active') - Number(a.state === 'active') || a.slot - b.slot);

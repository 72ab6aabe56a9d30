import { Flex, Heading, Select, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { PageLink, usePageRoute } from '@hubspot/ui-extensions/pages';
import { Loadable, useApi, useText, type Account, type Slot } from '@lumo/screens';
import { NoAccount } from '../components/AccountChoice.tsx';
import { DeletedTagList } from '../components/tags/DeletedTagList.tsx';
import { TagList } from '../components/tags/TagList.tsx';

/** The tags of one LINE account at a time (P-135). */
export const Tags = () => (
  <OfAccount>
    {(slot, accounts) => (
      <Flex direction="column" gap="medium">
        <AccountSelect slot={slot} accounts={accounts} />
        <TagList key={slot} slot={slot} accounts={accounts} />
      </Flex>
    )}
  </OfAccount>
);

/** Those that were deleted and can be restored (P-137). */
export const DeletedTags = () => {
  const t = useText('tags');
  return (
    <OfAccount>
      {(slot, accounts) => (
        <Flex direction="column" gap="medium">
          <PageLink to={`/tags/${slot}`}>{t('back')}</PageLink>
          <Flex direction="column" gap="flush">
            <Heading>{t('deleted.title')}</Heading>
            <Text>{t('deleted.intro')}</Text>
          </Flex>
          <AccountSelect slot={slot} accounts={accounts} below="/deleted" />
          <DeletedTagList key={slot} slot={slot} account={nameOf(slot, accounts)} />
        </Flex>
      )}
    </OfAccount>
  );
};

export const nameOf = (slot: Slot, accounts: Account[]): string =>
  accounts.find((account) => account.slot === slot)?.name ?? String(slot);

/** The account that the address names, or the first that is connected. */
const OfAccount = ({ children }: { children: (slot: Slot, accounts: Account[]) => React.ReactNode }) => {
  const t = useText('tags');
  const { params } = usePageRoute();
  const accounts = useApi('GET /accounts', {});
  return (
    <Loadable from={accounts} label={t('loading')}>
      {({ items }) => {
        const wanted = items.find(({ slot }) => String(slot) === params.slot);
        const account = wanted ?? items.find(({ state }) => state === 'active') ?? items[0];
        return account ? children(account.slot, items) : <NoAccount />;
      }}
    </Loadable>
  );
};

const AccountSelect = ({ slot, accounts, below = '' }: { slot: Slot; accounts: Account[]; below?: string }) => {
  const t = useText('friends');
  const { navigateToPage } = useExtensionActions<'pages'>();
  if (accounts.length < 2) return null;
  return (
    <Select
      name="account"
      label={t('account')}
      value={slot}
      options={accounts.map((account) => ({
        value: account.slot,
        label: account.state === 'active' ? account.name : t('accountOff', { name: account.name }),
      }))}
      onChange={(to) => navigateToPage({ to: `/tags/${String(to)}${below}` })}
    />
  );
};

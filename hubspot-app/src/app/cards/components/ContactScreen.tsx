import { Alert, Button, EmptyState, Flex, Link, Select, Text } from '@hubspot/ui-extensions';
import { Loadable, useApi, useHubSpotLinks, useMay, useText, type Card, type May } from '@lumo/screens';
import { useState } from 'react';
import { EMPTY, type Draft } from './Composer.tsx';
import { CreateLink } from './CreateLink.tsx';
import { FriendCard } from './FriendCard.tsx';
import { ResyncContact } from './ResyncContact.tsx';

const WHILE_OPEN_MS = 10_000;
/** While a message is under way. */
const WHILE_SENDING_MS = 3_000;

const sendingIn = (card: Card | null) =>
  card?.friends.some(({ messages }) => messages?.some(({ status }) => status === 'sending')) ?? false;

/** The LINE side of a contact in each of its states (P-114, P-115). */
export const ContactScreen = ({ contact }: { contact: string }) => {
  const t = useText('card');
  const may = useMay();
  const card = useApi(
    'GET /contacts/{contact}',
    { path: { contact } },
    { every: (data) => (sendingIn(data) ? WHILE_SENDING_MS : WHILE_OPEN_MS) },
  );
  return (
    <Loadable from={card} label={t('loading')}>
      {(data) => <CardState card={data} may={may} onChanged={card.reload} />}
    </Loadable>
  );
};

export interface CardProps {
  card: Card;
  may: May;
  onChanged: () => void;
}

const CardState = (props: CardProps) => {
  switch (props.card.state) {
    case 'integration_off':
      return <Off />;
    case 'no_account':
      return props.card.friends.length > 0 ? <Friends {...props} /> : <NoAccount />;
    case 'not_linked':
      return <NotLinked {...props} />;
    default:
      return <Friends {...props} />;
  }
};

const Off = () => {
  const t = useText('card');
  const words = useText('common');
  const links = useHubSpotLinks();
  return (
    <EmptyState title={t('off.title')} layout="vertical" reverseOrder imageName="lock" imageWidth={100}>
      <Text>{t('off.text')}</Text>
      <Button href={{ url: links.reconnect, external: true }}>{words('reconnect')}</Button>
    </EmptyState>
  );
};

const NoAccount = () => {
  const t = useText('card');
  const words = useText('common');
  const links = useHubSpotLinks();
  return (
    <EmptyState title={t('noAccount.title')} layout="vertical" reverseOrder imageName="integrations" imageWidth={100}>
      <Text>{t('noAccount.text')}</Text>
      <Link href={links.settings}>{words('openSettings')}</Link>
    </EmptyState>
  );
};

const NotLinked = (props: CardProps) => {
  const t = useText('card');
  const words = useText('common');
  const links = useHubSpotLinks();
  const { claim } = props.card;
  return (
    <Flex direction="column" gap="medium">
      {claim && (
        <Alert variant={claim === 'pending' ? 'info' : 'warning'} title={t(`claim.${claim}`)}>
          {t(`claim.${claim}.text`)}
        </Alert>
      )}
      <EmptyState title={t('notLinked.title')} layout="vertical" reverseOrder imageName="contacts" imageWidth={100}>
        <Text>{t('notLinked.text')}</Text>
        <Text variant="microcopy">{t('notLinked.option')}</Text>
        <Link href={links.settings}>{words('openSettings')}</Link>
      </EmptyState>
      <CreateLink {...props} />
      <ResyncContact {...props} />
    </Flex>
  );
};

/** A contact may hold one friend of each account; the choice shows one at a time. */
const Friends = (props: CardProps) => {
  const t = useText('card');
  const { friends, accounts } = props.card;
  const [slot, setSlot] = useState<number | null>(null);
  // By friend, so that looking at another account loses nothing.
  const [drafts, setDrafts] = useState<Record<string, Draft>>({});
  const friend = friends.find((one) => one.slot === slot) ?? friends[0];
  if (!friend) return <NotLinked {...props} />;
  const key = `${friend.slot} ${friend.user}`;
  const accountName = (of: number) => {
    const account = accounts.find((one) => one.slot === of);
    if (!account) return String(of);
    return account.state === 'active' ? account.name : t('accountOff', { name: account.name });
  };
  return (
    <Flex direction="column" gap="medium">
      {friends.length > 1 ? (
        <Select
          name="account"
          label={t('account')}
          value={friend.slot}
          options={friends.map((one) => ({ value: one.slot, label: accountName(one.slot) }))}
          onChange={(value) => setSlot(Number(value))}
        />
      ) : (
        <Text variant="microcopy">{accountName(friend.slot)}</Text>
      )}
      <FriendCard
        key={key}
        {...props}
        friend={friend}
        draft={drafts[key] ?? EMPTY}
        onDraft={(draft) => setDrafts((all) => ({ ...all, [key]: draft }))}
      />
    </Flex>
  );
};

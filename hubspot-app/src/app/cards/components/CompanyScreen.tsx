import { Alert, Button, EmptyState, Flex, Heading, Link, Select, Text } from '@hubspot/ui-extensions';
import {
  Loadable,
  MessageLine,
  useApi,
  useFormat,
  useHubSpotLinks,
  useMay,
  useText,
  type CompanyCard,
  type Format,
  type GroupChat,
  type May,
} from '@lumo/screens';
import { useState } from 'react';
import { Composer, EMPTY, type Draft } from './Composer.tsx';
import { useSend } from './useSend.ts';

const WHILE_OPEN_MS = 10_000;
const WHILE_SENDING_MS = 3_000;
const FEW = 5;

const sendingIn = (card: CompanyCard | null) =>
  card?.groups.some(({ messages }) => messages.some(({ status }) => status === 'sending')) ?? false;

/** The LINE group chats that a company stands for (P-95 to P-100). */
export const CompanyScreen = ({ company }: { company: string }) => {
  const t = useText('card');
  const may = useMay();
  const format = useFormat();
  const card = useApi(
    'GET /companies/{company}',
    { path: { company } },
    { every: (data) => (sendingIn(data) ? WHILE_SENDING_MS : WHILE_OPEN_MS) },
  );
  return (
    <Loadable from={card} label={t('loading')}>
      {(data) =>
        data.groups.length > 0 && data.state === 'groups' ? (
          <Groups card={data} may={may} format={format} onChanged={card.reload} />
        ) : (
          <Nothing state={data.state} />
        )
      }
    </Loadable>
  );
};

const Nothing = ({ state }: { state: CompanyCard['state'] }) => {
  const t = useText('card');
  const words = useText('common');
  const links = useHubSpotLinks();
  if (state === 'integration_off')
    return (
      <EmptyState title={t('off.title')} layout="vertical" reverseOrder imageName="lock" imageWidth={100}>
        <Text>{t('off.text')}</Text>
        <Button href={{ url: links.reconnect, external: true }}>{words('reconnect')}</Button>
      </EmptyState>
    );
  return (
    <EmptyState title={t('company.title')} layout="vertical" reverseOrder imageName="companies" imageWidth={100}>
      <Text>{t(state === 'groups_off' ? 'company.off' : 'company.text')}</Text>
      {state === 'groups_off' && <Link href={links.settings}>{words('openSettings')}</Link>}
    </EmptyState>
  );
};

interface Props {
  card: CompanyCard;
  may: May;
  format: Format;
  onChanged: () => void;
}

const Groups = (props: Props) => {
  const t = useText('card');
  const { groups } = props.card;
  const [chosen, setChosen] = useState('');
  const group = groups.find(({ id }) => id === chosen) ?? groups[0];
  if (!group) return null;
  return (
    <Flex direction="column" gap="medium">
      {groups.length > 1 && (
        <Select
          name="group"
          label={t('group.choose')}
          value={group.id}
          options={groups.map(({ id, name }) => ({ value: id, label: name || id }))}
          onChange={(value) => setChosen(String(value))}
        />
      )}
      <Group key={group.id} {...props} group={group} />
    </Flex>
  );
};

/** One group: who is in it, what was said, and a box to write to all of them. */
const Group = ({ card, may, format, onChanged, group }: Props & { group: GroupChat }) => {
  const t = useText('card');
  const talk = { slot: group.slot, group: group.id, messages: group.messages };
  const sending = useSend(talk, null);
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [all, setAll] = useState(false);
  const { latest, arrived } = sending;
  const messages =
    latest && !group.messages.some(({ id }) => id === latest.id) ? [latest, ...group.messages] : group.messages;
  const account = card.accounts.find(({ slot }) => slot === group.slot);
  const shown = (all ? messages : messages.slice(0, FEW)).slice().reverse();
  const edit = (next: Draft) => {
    if (arrived) sending.forget();
    setDraft(next);
  };
  return (
    <Flex direction="column" gap="small">
      <Heading>{group.name || group.id}</Heading>
      <Text variant="microcopy">
        {t('group.facts', { account: account?.name ?? '–', n: format.number(group.members) })}
        {group.joinedAt === null ? '' : ` · ${t('group.joined', { when: format.dateTime(group.joinedAt) })}`}
      </Text>
      {!group.active && <Alert variant="warning" title={t(group.present ? 'group.nobody' : 'group.left')} />}
      <People group={group} />
      <Heading>{t('messages.title')}</Heading>
      {messages.length === 0 && <Text variant="microcopy">{t('messages.empty')}</Text>}
      {messages.length > FEW && (
        <Flex>
          <Button size="xs" onClick={() => setAll(!all)} testId="all-messages">
            {all ? t('messages.less') : t('messages.more', { n: messages.length })}
          </Button>
        </Flex>
      )}
      {shown.map((message) => (
        <MessageLine
          key={message.id}
          message={message}
          friend={talk}
          format={format}
          may={may.send_messages}
          onChanged={onChanged}
        />
      ))}
      <Composer
        sending={sending}
        barred={useBarred(group, account?.state === 'active', may)}
        draft={arrived ? EMPTY : draft}
        onDraft={edit}
        onSent={onChanged}
        label={t('group.compose')}
        cost={t('group.cost', { n: group.members })}
      />
    </Flex>
  );
};

function useBarred(group: GroupChat, active: boolean, may: May): string | null {
  const t = useText('card');
  if (!active) return t('compose.accountOff');
  if (!group.present) return t('group.left');
  return may.send_messages ? null : t('compose.notAllowed');
}

/** Members of whom LINE told; linked friends among them are contacts of the company. */
const People = ({ group }: { group: GroupChat }) => {
  const t = useText('card');
  const names = group.people.map(({ name, contactId }) => {
    const shown = name || t('group.unnamed');
    return contactId === null ? shown : t('group.contact', { name: shown });
  });
  return names.length === 0 ? null : <Text>{t('group.people', { names: names.join(', ') })}</Text>;
};

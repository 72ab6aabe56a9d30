import { Flex, Heading, Link, TableCell, TableRow, Text, useExtensionActions } from '@hubspot/ui-extensions';
import {
  ConfirmButton,
  useAction,
  useFormat,
  useHubSpotLinks,
  useApi,
  useText,
  type FriendDetail,
  type LinkEntry,
} from '@lumo/screens';
import { PagedTable } from '../PagedTable.tsx';

interface Props {
  friend: FriendDetail;
  may: boolean;
  onChanged: () => void;
}

/** How each link of a friend began and ended: method, proof, actor, time (P-33). The newest move can be undone (P-31). */
export const LinkHistory = ({ friend, may, onChanged }: Props) => {
  const t = useText('linkage');
  const links = useApi(
    'GET /friends/{slot}/{user}/links',
    { path: { slot: friend.slot, user: friend.user } },
    { version: `${friend.link.state} ${friend.link.contactId}` },
  );
  const items = links.data?.items ?? null;
  const lastEnd = items?.find(({ until }) => until !== null);
  const changed = () => {
    links.reload();
    onChanged();
  };
  return (
    <Flex direction="column" gap="small" align="start">
      <Heading>{t('past.title')}</Heading>
      <PagedTable
        pages={{ ...links, items, page: 1, pageCount: 1, onPageChange: () => undefined }}
        loading={t('past.loading')}
        empty={{ title: t('past.empty'), text: t('past.emptyText') }}
        head={[t('past.contact'), t('past.method'), t('past.proof'), t('past.actor'), t('past.end')]}
        row={(entry) => <Entry key={`${entry.contactId} ${entry.at} ${entry.until}`} entry={entry} />}
      />
      {lastEnd?.why === 'moved' && <Undo friend={friend} contact={lastEnd.contactId} may={may} onDone={changed} />}
    </Flex>
  );
};

const Entry = ({ entry }: { entry: LinkEntry }) => {
  const t = useText('linkage');
  const friends = useText('friends');
  const links = useHubSpotLinks();
  const { dateTime } = useFormat();
  const who = useActor();
  const { contactId: id, method, proof, actor, at, until, why, endedBy } = entry;
  return (
    <TableRow>
      <TableCell>
        <Link href={{ url: links.contact(id), external: true }}>{t('queue.contact', { id })}</Link>
      </TableCell>
      <TableCell>{method ? friends(`method.${method}`) : '–'}</TableCell>
      <TableCell>{proof ?? '–'}</TableCell>
      <TableCell>
        <Text>{who(actor)}</Text>
        <Text variant="microcopy">{dateTime(at)}</Text>
      </TableCell>
      <TableCell>
        <Text>{until === null ? t('past.lasts') : why ? t(`why.${why}`) : '–'}</Text>
        {until !== null && (
          <Text variant="microcopy">{`${dateTime(until)} ${endedBy ? who(endedBy) : ''}`.trim()}</Text>
        )}
      </TableCell>
    </TableRow>
  );
};

const useActor = () => {
  const t = useText('linkage');
  return (actor: string | null) => {
    if (actor === null) return '–';
    if (actor === 'person' || actor === 'hubspot' || actor === 'lumo') return t(`actor.${actor}`);
    return actor.startsWith('user:') ? t('actor.user', { id: actor.slice('user:'.length) }) : actor;
  };
};

interface UndoProps {
  friend: FriendDetail;
  contact: string;
  may: boolean;
  onDone: () => void;
}

const Undo = ({ friend, contact, may, onDone }: UndoProps) => {
  const t = useText('linkage');
  const friends = useText('friends');
  const { addAlert } = useExtensionActions<'pages'>();
  const action = useAction('POST /friends/{slot}/{user}/links');
  const undo = async () => {
    const path = { slot: friend.slot, user: friend.user };
    if (!(await action.run({ path, body: { choice: 'undo' } }))) return false;
    addAlert({ type: 'success', message: t('undo.done') });
    onDone();
    return true;
  };
  const name = friend.name || friends('nameless', { id: friend.user.slice(-4) });
  return (
    <ConfirmButton
      id="undo-move"
      label={t('undo')}
      title={t('undo.title')}
      confirm={t('undo')}
      disabled={!may}
      busy={action.busy}
      error={action.error}
      onOpen={action.clear}
      onConfirm={undo}
    >
      <Text>{t('undo.text', { name, id: contact })}</Text>
    </ConfirmButton>
  );
};

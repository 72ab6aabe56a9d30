import {
  Button,
  Flex,
  Link,
  Modal,
  ModalBody,
  ModalFooter,
  TableCell,
  TableRow,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import {
  ConfirmButton,
  Loadable,
  useAction,
  useApi,
  useFormat,
  useHubSpotLinks,
  useText,
  type Failure,
  type FriendDetail,
} from '@lumo/screens';

interface Props {
  failure: Failure;
  may: boolean;
  onDecided: () => void;
}

/** Both sides of a conflict, and what a person may make of it. */
export const ConflictRow = ({ failure, may, onDecided }: Props) => {
  const t = useText('linkage');
  const { dateTime } = useFormat();
  const path = { slot: failure.slot ?? 0, user: failure.user ?? '' };
  const friend = useApi('GET /friends/{slot}/{user}', { path }, { version: String(failure.lastAt) });
  if (friend.data === null) {
    return (
      <TableRow>
        <TableCell colSpan={5}>
          <Loadable from={friend} label={t('queue.loading')}>
            {() => null}
          </Loadable>
        </TableCell>
      </TableRow>
    );
  }
  const { link } = friend.data;
  const claimed = link.state === 'conflict';
  const claim = claimed ? link.claimantId : link.state === 'unlinked' ? failure.contactId : null;
  const decided = () => {
    friend.reload();
    onDecided();
  };
  return (
    <TableRow>
      <TableCell>
        <FriendName friend={friend.data} />
      </TableCell>
      <TableCell>
        <Contact id={link.contactId} />
      </TableCell>
      <TableCell>
        <Contact id={claim} taken={!claimed} />
      </TableCell>
      <TableCell>{dateTime(failure.lastAt)}</TableCell>
      <TableCell>
        {claim === null ? (
          <Text>{t('queue.over')}</Text>
        ) : (
          <Flex gap="xs" wrap>
            <Decide choice="move" friend={friend.data} contact={claim} may={may} onDone={decided} />
            {claimed && <Decide choice="keep" friend={friend.data} contact={claim} may={may} onDone={decided} />}
            {claimed && link.contactId !== null && <Merge friend={friend.data} from={link.contactId} to={claim} />}
          </Flex>
        )}
      </TableCell>
    </TableRow>
  );
};

const useName = () => {
  const t = useText('friends');
  return (friend: FriendDetail) => friend.name || t('nameless', { id: friend.user.slice(-4) });
};

const FriendName = ({ friend }: { friend: FriendDetail }) => {
  const t = useText('linkage');
  const name = useName()(friend);
  return (
    <>
      <Text truncate={{ maxWidth: 240, tooltipText: name }}>{name}</Text>
      <PageLink to={`/friends/${friend.slot}/${friend.user}`}>{t('queue.history', { name })}</PageLink>
    </>
  );
};

const Contact = ({ id, taken = false }: { id: string | null; taken?: boolean }) => {
  const t = useText('linkage');
  const links = useHubSpotLinks();
  if (id === null) return <Text>{t('queue.nobody')}</Text>;
  return (
    <Link href={{ url: links.contact(id), external: true }}>{t(taken ? 'queue.taken' : 'queue.contact', { id })}</Link>
  );
};

interface DecideProps {
  choice: 'move' | 'keep';
  friend: FriendDetail;
  contact: string;
  may: boolean;
  onDone: () => void;
}

const Decide = ({ choice, friend, contact, may, onDone }: DecideProps) => {
  const t = useText('linkage');
  const { addAlert } = useExtensionActions<'pages'>();
  const name = useName()(friend);
  const action = useAction('POST /friends/{slot}/{user}/links');
  const decide = async () => {
    const path = { slot: friend.slot, user: friend.user };
    if (!(await action.run({ path, body: { choice, contact } }))) return false;
    addAlert({ type: 'success', message: t(`${choice}.done`) });
    onDone();
    return true;
  };
  return (
    <ConfirmButton
      id={`${choice}-${friend.user}`}
      label={t(choice)}
      title={t(`${choice}.title`)}
      confirm={t(choice)}
      danger={choice === 'move'}
      disabled={!may}
      busy={action.busy}
      error={action.error}
      onOpen={action.clear}
      onConfirm={decide}
    >
      <Text>{t(`${choice}.text`, { name, from: friend.link.contactId ?? '–', to: contact })}</Text>
    </ConfirmButton>
  );
};

/**
 * Two contacts of one person become one in HubSpot itself (P-31): it asks which of two values stays, and whoever merges must be allowed to there.
 * The merge's own event ends the conflict.
 */
const Merge = ({ friend, from, to }: { friend: FriendDetail; from: string; to: string }) => {
  const t = useText('linkage');
  const links = useHubSpotLinks();
  const name = useName()(friend);
  const title = t('merge.title', { from, to });
  return (
    <Button
      testId={`merge-${friend.user}`}
      size="sm"
      overlay={
        <Modal id={`merge-${friend.user}`} title={title} aria-label={title}>
          <ModalBody>
            <Text>{t('merge.text', { name, from, to })}</Text>
          </ModalBody>
          <ModalFooter>
            <Button
              testId={`merge-open-${friend.user}`}
              variant="primary"
              href={{ url: links.contact(from), external: true }}
            >
              {t('merge.open', { from })}
            </Button>
          </ModalFooter>
        </Modal>
      }
    >
      {t('merge')}
    </Button>
  );
};

import {
  Accordion,
  DescriptionList,
  DescriptionListItem,
  Flex,
  LoadingButton,
  StatusTag,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import {
  ConfirmButton,
  ErrorAlert,
  HelpLink,
  useAction,
  useProblem,
  useText,
  type Loaded,
  type Inbox,
  type InboxList,
} from '@lumo/screens';
import type { AccountProps } from './AccountTile.tsx';

const STATUS = { waiting: 'info', connected: 'success', paused: 'danger', removed: 'default' } as const;

interface Props extends AccountProps {
  inboxes: Loaded<InboxList>;
}

/** Whether the account's conversations are in HubSpot's inbox (P-80), since when nothing came, and why. */
export const InboxSync = ({ inboxes, ...props }: Props) => {
  const t = useText('settings');
  const inbox = inboxes.data?.items.find(({ slot }) => slot === props.account.slot);
  return (
    <Accordion title={t('inbox.title')} size="small" defaultOpen={inbox?.state === 'paused'}>
      <Flex direction="column" gap="small">
        <ErrorAlert error={inboxes.error} />
        {inboxes.data && (inbox ? <Sync {...props} inbox={inbox} onChanged={inboxes.reload} /> : <HowTo first />)}
      </Flex>
    </Accordion>
  );
};

/** Connecting begins in HubSpot. */
const HowTo = ({ first = false }: { first?: boolean }) => {
  const t = useText('settings');
  return (
    <>
      {first && <StatusTag>{t('inbox.none')}</StatusTag>}
      <Text>{t('inbox.how')}</Text>
      <Text variant="microcopy">{t('inbox.needs')}</Text>
    </>
  );
};

const Sync = (props: AccountProps & { inbox: Inbox }) => {
  const { inbox, format } = props;
  const t = useText('settings');
  const works = inbox.state === 'connected';
  return (
    <Flex direction="column" gap="small">
      <Flex>
        <StatusTag variant={STATUS[inbox.state]}>{t(`inbox.${inbox.state}`)}</StatusTag>
      </Flex>
      {inbox.state === 'waiting' && <Text>{t('inbox.waitingHelp')}</Text>}
      {inbox.state === 'paused' && <Why inbox={inbox} />}
      {inbox.state === 'removed' && <HowTo />}
      <DescriptionList direction="row">
        <DescriptionListItem label={t('inbox.since')}>
          <Text>{format.dateTime(inbox.changedAt)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('inbox.lastIn')}>
          <Text>{inbox.lastInAt === null ? t('inbox.never') : format.dateTime(inbox.lastInAt)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('inbox.lastOut')}>
          <Text>{inbox.lastOutAt === null ? t('inbox.never') : format.dateTime(inbox.lastOutAt)}</Text>
        </DescriptionListItem>
      </DescriptionList>
      {inbox.state !== 'removed' && (
        <Flex gap="small" wrap>
          {!works && <Resume {...props} />}
          <Remove {...props} />
        </Flex>
      )}
    </Flex>
  );
};

const Why = ({ inbox }: { inbox: Inbox }) => {
  const t = useText('settings');
  const problem = useProblem();
  const why = problem({ code: inbox.code ?? '', message: '', correlationId: null });
  return (
    <>
      <Text>
        {why.text} {why.todo}
      </Text>
      <Text variant="microcopy">{t('inbox.pausedHelp')}</Text>
      <HelpLink topic="inboxEmpty" />
    </>
  );
};

const Resume = ({ inbox, may, onChanged }: AccountProps & { inbox: Inbox }) => {
  const t = useText('settings');
  const { addAlert } = useExtensionActions<'settings'>();
  const action = useAction('POST /inbox/{slot}/resume');
  const resume = async () => {
    const answer = await action.run({ path: { slot: inbox.slot } });
    if (!answer) return;
    addAlert({ type: 'success', message: t('inbox.resumed') });
    onChanged();
  };
  return (
    <Flex direction="column" gap="xs">
      <LoadingButton
        size="sm"
        loading={action.busy}
        disabled={!may}
        onClick={() => void resume()}
        testId="inbox-resume"
      >
        {t(inbox.state === 'waiting' ? 'inbox.look' : 'inbox.resume')}
      </LoadingButton>
      <ErrorAlert error={action.error} />
    </Flex>
  );
};

/** Removes the inbox sync and nothing else (P-88). */
const Remove = ({ inbox, may, onChanged }: AccountProps & { inbox: Inbox }) => {
  const t = useText('settings');
  const { addAlert } = useExtensionActions<'settings'>();
  const action = useAction('POST /inbox/{slot}/remove');
  const remove = async () => {
    const answer = await action.run({ path: { slot: inbox.slot } });
    if (!answer) return false;
    addAlert({ type: 'success', message: t('inbox.removeDone') });
    onChanged();
    return true;
  };
  return (
    <ConfirmButton
      id={`inbox-remove-${inbox.slot}`}
      label={t('inbox.remove')}
      title={t('inbox.removeTitle', { name: inbox.name })}
      confirm={t('inbox.remove')}
      danger
      disabled={!may}
      busy={action.busy}
      error={action.error}
      onOpen={action.clear}
      onConfirm={remove}
    >
      <Text>{t('inbox.removeText')}</Text>
      <Text variant="microcopy">{t('inbox.removeChannel')}</Text>
    </ConfirmButton>
  );
};

import {
  Accordion,
  Button,
  DescriptionList,
  DescriptionListItem,
  Flex,
  Heading,
  Icon,
  Image,
  LoadingButton,
  StatusTag,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import {
  ErrorAlert,
  HelpLink,
  useAction,
  useApi,
  useProblem,
  useText,
  type Account,
  type Format,
  type InboxList,
  type Loaded,
} from '@lumo/screens';
import { BroadcastOptions } from './BroadcastOptions.tsx';
import { CheckLines, needsLook } from './CheckLines.tsx';
import { DisconnectAccount } from './DisconnectAccount.tsx';
import { Forwards } from './Forwards.tsx';
import { ImportFriends } from './ImportFriends.tsx';
import { InboxSync } from './InboxSync.tsx';
import { LineProperties } from './LineProperties.tsx';

export interface AccountProps {
  account: Account;
  may: boolean;
  format: Format;
  onChanged: () => void;
}

export function useAccountName(): (account: Account) => string {
  const t = useText('settings');
  return ({ name, basicId }) => name.trim() || basicId || t('account.nameless');
}

/** One LINE account: facts, checks, import, forwarding, properties, disconnecting. */
export const AccountTile = ({ inboxes, ...props }: AccountProps & { inboxes: Loaded<InboxList> }) => {
  const { account } = props;
  const active = account.state === 'active';
  return (
    <Flex direction="column" gap="small">
      <Head {...props} />
      <Facts {...props} />
      {active && <Checks {...props} />}
      {active && <ImportFriends {...props} />}
      {active && <InboxSync {...props} inboxes={inboxes} />}
      {active && <BroadcastOptions {...props} />}
      {active && <Forwards {...props} />}
      <LineProperties {...props} />
      {active && (
        <Flex>
          <DisconnectAccount {...props} />
        </Flex>
      )}
    </Flex>
  );
};

const Head = ({ account }: AccountProps) => {
  const t = useText('settings');
  const name = useAccountName()(account);
  const active = account.state === 'active';
  return (
    <Flex gap="small" align="center" wrap>
      {account.picture?.startsWith('https://') ? (
        <Image src={account.picture} alt="" width={40} height={40} />
      ) : (
        <Icon name="comment" size="lg" screenReaderText={t('account.nameless')} />
      )}
      <Heading>{name}</Heading>
      <StatusTag variant={active ? 'success' : 'default'}>
        {t(active ? 'account.active' : 'account.disconnected')}
      </StatusTag>
      <Text variant="microcopy">{t('slot', { n: account.slot })}</Text>
      <Text variant="microcopy">{t('slotHelp')}</Text>
    </Flex>
  );
};

const Facts = ({ account, format }: AccountProps) => {
  const t = useText('settings');
  const words = useText('common');
  const verified = account.verified === 'unknown' ? t('account.verified.unknown') : words(account.verified);
  const ended = account.disconnectedAt !== null && account.state !== 'active';
  return (
    <DescriptionList direction="row">
      <DescriptionListItem label={t('account.basicId')}>
        <Text>{account.basicId || '–'}</Text>
      </DescriptionListItem>
      <DescriptionListItem label={t('account.channelId')}>
        <Text>{account.channelId}</Text>
      </DescriptionListItem>
      <DescriptionListItem label={t('account.friends')}>
        <Text>{format.number(account.friends)}</Text>
      </DescriptionListItem>
      <DescriptionListItem label={t('account.verified')}>
        <Text>{verified}</Text>
      </DescriptionListItem>
      <DescriptionListItem label={t(ended ? 'account.until' : 'account.since')}>
        <Text>{format.dateTime(ended ? account.disconnectedAt : account.connectedAt)}</Text>
      </DescriptionListItem>
      {account.state === 'active' && (
        <DescriptionListItem label={t('account.month')}>
          <Month slot={account.slot} />
        </DescriptionListItem>
      )}
    </DescriptionList>
  );
};

/** How much of the month's messages is used up, as LINE says now. One line from the beginning, so that nothing moves. */
const Month = ({ slot }: { slot: number }) => {
  const t = useText('settings');
  const problem = useProblem();
  const { data, error } = useApi('GET /accounts/{slot}/quota', { path: { slot } });
  if (!data) return <Text>{error ? problem(error).text : '…'}</Text>;
  if (data.quota === null) return <Text>{t('account.monthUnlimited', { used: data.used })}</Text>;
  const left = Math.max(0, data.quota - data.used);
  return (
    <>
      <Text>{t('account.monthOf', { used: data.used, quota: data.quota, left })}</Text>
      {left === 0 && <HelpLink topic="quotaUsedUp" />}
    </>
  );
};

const Checks = ({ account, may, format, onChanged }: AccountProps) => {
  const t = useText('settings');
  const { addAlert, copyTextToClipboard } = useExtensionActions<'settings'>();
  const action = useAction('POST /accounts/{slot}/recheck');
  const bad = needsLook(account.checks);

  const recheck = async () => {
    const answer = await action.run({ path: { slot: account.slot } });
    if (!answer) return;
    const left = needsLook(answer.checks);
    addAlert(
      left === 0
        ? { type: 'success', message: t('checks.allGood') }
        : { type: 'warning', message: t('checks.someBad', { n: left }) },
    );
    onChanged();
  };
  const copy = () =>
    copyTextToClipboard(account.webhookUrl).then(
      () => addAlert({ type: 'success', message: t('webhook.copied') }),
      () => addAlert({ type: 'danger', message: t('webhook.copyFailed') }),
    );

  return (
    <Accordion
      title={bad === 0 ? t('checks.allGood') : t('checks.someBad', { n: bad })}
      size="small"
      defaultOpen={bad > 0}
    >
      <Flex direction="column" gap="small">
        <CheckLines checks={account.checks} />
        {account.checks.some(({ outcome }) => outcome === 'fail') && <HelpLink topic="inboxEmpty" />}
        <DescriptionList direction="column">
          <DescriptionListItem label={t('webhook.url')}>
            <Text>{account.webhookUrl}</Text>
          </DescriptionListItem>
        </DescriptionList>
        {account.previousWebhook && (
          <Text variant="microcopy">{t('webhook.previous', { url: account.previousWebhook })}</Text>
        )}
        <Text variant="microcopy">{t('checks.at', { when: format.dateTime(account.checkedAt) })}</Text>
        <ErrorAlert error={action.error} />
        <Flex gap="small" wrap>
          <LoadingButton
            size="sm"
            loading={action.busy}
            disabled={!may}
            onClick={() => void recheck()}
            testId="recheck"
          >
            {t('recheck')}
          </LoadingButton>
          <Button size="sm" onClick={() => void copy()} testId="copy-webhook">
            {t('webhook.copy')}
          </Button>
        </Flex>
      </Flex>
    </Accordion>
  );
};

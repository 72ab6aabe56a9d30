import { Accordion, Alert, Flex, LoadingSpinner, StatusTag, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { ConfirmButton, Loadable, useAction, useApi, useProblem, useText, type ImportState } from '@lumo/screens';
import type { AccountProps } from './AccountTile.tsx';

const WHILE_RUNNING_MS = 3_000;
const VARIANTS = {
  waiting: 'default',
  processing: 'info',
  completed: 'success',
  canceled: 'warning',
  failed: 'danger',
} as const;

/** "Import existing LINE friends" (P-142 to P-144). */
export const ImportFriends = (props: AccountProps) => {
  const t = useText('settings');
  const state = useApi(
    'GET /accounts/{slot}/import',
    { path: { slot: props.account.slot } },
    { every: (now) => (now?.status === 'processing' ? WHILE_RUNNING_MS : null) },
  );
  return (
    <Accordion title={t('import.title')} size="small" defaultOpen>
      <Flex direction="column" gap="small">
        <Text>{t('import.help')}</Text>
        <Loadable from={state} label={t('import.loading')}>
          {(now) => <Progress {...props} now={now} onAgain={state.reload} />}
        </Loadable>
      </Flex>
    </Accordion>
  );
};

type ProgressProps = AccountProps & { now: ImportState; onAgain: () => void };

const Progress = (props: ProgressProps) => {
  const { now, format } = props;
  const t = useText('settings');
  const problem = useProblem();
  const { last } = now;
  const running = now.status === 'processing';
  return (
    <Flex direction="column" gap="small" align="start">
      <Flex gap="small" align="center" wrap>
        <StatusTag variant={VARIANTS[now.status]}>{t(`import.status.${now.status}`)}</StatusTag>
        <Text variant="microcopy">
          {last ? t('import.when', { when: format.dateTime(last.endedAt ?? last.startedAt) }) : t('import.never')}
        </Text>
      </Flex>
      {running && <LoadingSpinner label={t('import.running')} showLabel size="sm" />}
      {last && <Text>{t('import.counts', { seen: last.seen, added: last.added, failed: last.failed })}</Text>}
      {last?.reach && last.reach.friends > 0 && <Coverage seen={last.seen} reach={last.reach} format={format} />}
      {last?.error && (
        <Alert variant="danger" title={problem(last.error).text}>
          <Text>{problem(last.error).todo}</Text>
        </Alert>
      )}
      {!now.available && <Text>{t(now.why === 'LINE_NOT_VERIFIED' ? 'import.unavailable' : 'import.gone')}</Text>}
      {running ? <Cancel {...props} /> : <Start {...props} />}
    </Flex>
  );
};

type CoverageProps = Pick<ProgressProps, 'format'> & { seen: number; reach: { friends: number; day: number } };

/** How many of the friends that LINE counts were imported, and why not all (P-145). */
const Coverage = ({ seen, reach, format }: CoverageProps) => {
  const t = useText('settings');
  const share = Math.min(1, seen / reach.friends);
  return (
    <Flex direction="column" gap="flush">
      <Text>
        {t('import.coverage', {
          share: format.percent(share),
          friends: reach.friends,
          day: format.dayInJapan(reach.day),
        })}
      </Text>
      {share < 1 && <Text variant="microcopy">{t('import.gap')}</Text>}
    </Flex>
  );
};

const Start = ({ account, may, now, onAgain }: ProgressProps) => {
  const t = useText('settings');
  const { addAlert } = useExtensionActions<'settings'>();
  const action = useAction('POST /accounts/{slot}/import');
  const start = async () => {
    const answer = await action.run({ path: { slot: account.slot } });
    if (!answer) return false;
    addAlert({ type: 'success', message: t('import.started') });
    onAgain();
    return true;
  };
  return (
    <ConfirmButton
      id={`import-${account.slot}`}
      label={t('import.start')}
      title={t('import.confirmTitle')}
      confirm={t('import.confirm')}
      disabled={!may || !now.available}
      busy={action.busy}
      error={action.error}
      onOpen={action.clear}
      onConfirm={start}
    >
      <Text>{t('import.confirmText')}</Text>
    </ConfirmButton>
  );
};

const Cancel = ({ account, may, now, onAgain }: ProgressProps) => {
  const t = useText('settings');
  const action = useAction('DELETE /accounts/{slot}/import');
  if (now.last?.canceling) return <Text>{t('import.canceling')}</Text>;
  const cancel = async () => {
    const answer = await action.run({ path: { slot: account.slot } });
    if (answer) onAgain();
    return answer !== null;
  };
  return (
    <ConfirmButton
      id={`import-cancel-${account.slot}`}
      label={t('import.cancel')}
      title={t('import.cancelTitle')}
      confirm={t('import.cancel')}
      keep={t('import.keep')}
      danger
      disabled={!may}
      busy={action.busy}
      error={action.error}
      onOpen={action.clear}
      onConfirm={cancel}
    >
      <Text>{t('import.cancelText')}</Text>
    </ConfirmButton>
  );
};

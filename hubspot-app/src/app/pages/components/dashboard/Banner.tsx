import { Alert, Button, Flex, LoadingButton, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import {
  ErrorAlert,
  HelpLink,
  useAction,
  useFormat,
  useHubSpotLinks,
  useProblem,
  useText,
  type Notice,
  type Status,
} from '@lumo/screens';

const SEVERE = new Set(['RECONNECT_HUBSPOT', 'DISCONNECTED', 'PERMISSION_NEEDED', 'RUNS_FAIL', 'NOT_NORMAL']);
const HARMLESS = new Set(['FINISHING_SETUP', 'CONNECT_LINE']);

const variantOf = (code: string) => (SEVERE.has(code) ? 'danger' : HARMLESS.has(code) ? 'info' : 'warning');

/** The one thing that must be done before anything works, and the way out; below it, the alerts that stand. */
export const Banner = ({ status, onChanged }: { status: Status; onChanged: () => void }) => (
  <>
    {status.banner && <NoticeAlert notice={status.banner} status={status} onChanged={onChanged} />}
    {status.alerts.map((notice) => (
      <NoticeAlert key={`${notice.code} ${notice.slot ?? ''}`} notice={notice} status={status} onChanged={onChanged} />
    ))}
  </>
);

const NoticeAlert = ({ notice, status, onChanged }: { notice: Notice; status: Status; onChanged: () => void }) => {
  const t = useText('dashboard');
  const problem = useProblem()(notice);
  const format = useFormat(status.timeZone);
  return (
    <Alert title={problem.text} variant={variantOf(notice.code)}>
      <Flex direction="column" gap="small">
        <Text>{problem.todo}</Text>
        {notice.since !== null && (
          <Text variant="microcopy">{t('since', { when: format.dateTime(notice.since) })}</Text>
        )}
        <Flex gap="small" align="center" wrap>
          <WayOut notice={notice} status={status} onChanged={onChanged} />
          <HelpLink topic={problem.topic} />
        </Flex>
      </Flex>
    </Alert>
  );
};

const WayOut = ({ notice, status, onChanged }: { notice: Notice; status: Status; onChanged: () => void }) => {
  const t = useText('dashboard');
  const words = useText('common');
  const links = useHubSpotLinks();
  switch (notice.code) {
    case 'RECONNECT_HUBSPOT':
    case 'PERMISSION_NEEDED':
    case 'DISCONNECTED':
      return (
        <Button variant="primary" href={{ url: links.reconnect, external: true }}>
          {words('reconnect')}
        </Button>
      );
    case 'CONNECT_LINE':
    case 'LINE_CHECK_FAILED':
      return <Button href={links.settings}>{words('openSettings')}</Button>;
    case 'ITEMS_FAIL':
      return <PageLink to="/failures">{t('showFailures')}</PageLink>;
    case 'PREVIEW_NEEDED':
      return <RunPreview status={status} onChanged={onChanged} />;
    default:
      return null;
  }
};

/** The dry run that must be looked at before the first large write-back (P-64). */
const RunPreview = ({ status, onChanged }: { status: Status; onChanged: () => void }) => {
  const t = useText('dashboard');
  const { navigateToPage, addAlert } = useExtensionActions<'pages'>();
  const sync = useAction('POST /sync');
  const preview = [status.run, status.lastRun].find((run) => run?.dryRun && run.status !== 'failed');
  const start = async () => {
    const started = await sync.run({ body: { extent: 'contacts', dryRun: true } });
    if (!started) return;
    onChanged();
    if (started.started && started.run) navigateToPage({ to: `/runs/${started.run.id}` });
    else addAlert({ type: 'info', message: t(`resync.${started.reason ?? 'RUNNING'}`) });
  };
  return (
    <>
      {preview && (
        <Button variant="primary" onClick={() => navigateToPage({ to: `/runs/${preview.id}` })}>
          {t('banner.lookAtPreview')}
        </Button>
      )}
      <LoadingButton
        variant={preview ? 'secondary' : 'primary'}
        loading={sync.busy}
        onClick={() => void start()}
        testId="run-preview"
      >
        {t('banner.preview')}
      </LoadingButton>
      <ErrorAlert error={sync.error} />
    </>
  );
};

import { Flex, Heading, LoadingButton } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { ErrorAlert, useFormat, usePages, useText } from '@lumo/screens';
import { ExportButton } from '../components/ExportButton.tsx';
import { PagedTable } from '../components/PagedTable.tsx';
import { FAILURE_COLUMNS, FailureRow } from '../components/runs/FailureRow.tsx';
import { useRetry } from '../hooks/useRetry.ts';
import { useStatus } from '../hooks/useStatus.ts';

const ROWS = 20;
/** A retried item leaves once it went through, which takes HubSpot a moment. */
const WHILE_SOME_MS = 5_000;

/** Everything that could not be synced, whatever run it was in. */
export const Failures = () => {
  const t = useText('dashboard');
  const words = useText('common');
  const status = useStatus();
  const format = useFormat(status.data?.timeZone);
  const pages = usePages(
    'GET /failures',
    { limit: ROWS },
    { every: (page) => (page?.items.length ? WHILE_SOME_MS : null) },
  );
  const { retry, retryAll, busy, error } = useRetry(pages.reload);
  const some = (pages.items?.length ?? 0) > 0;
  return (
    <Flex direction="column" gap="medium">
      <PageLink to="/">{words('back')}</PageLink>
      <Flex justify="between" align="center" gap="small" wrap>
        <Heading>{t('failures.title')}</Heading>
        {some && <ExportButton what="failures" />}
        {some && (
          <LoadingButton
            loading={busy === 'all'}
            disabled={busy !== null && busy !== 'all'}
            onClick={() => void retryAll()}
            testId="retry-all"
          >
            {t('failures.retryAll')}
          </LoadingButton>
        )}
      </Flex>
      <ErrorAlert error={error} />
      <PagedTable
        pages={pages}
        loading={t('failures.loading')}
        empty={{ title: t('failures.empty'), text: t('failures.emptyText') }}
        head={FAILURE_COLUMNS.map((column) => t(column))}
        row={(failure) => (
          <FailureRow key={failure.id} failure={failure} format={format} busy={busy} onRetry={(id) => void retry(id)} />
        )}
      />
      {some && <PageLink to="/help/errorsContinue">{t('errorsLink')}</PageLink>}
    </Flex>
  );
};

import { Flex, Heading, Text } from '@hubspot/ui-extensions';
import { ErrorAlert, useFormat, usePages, useText, type Slot } from '@lumo/screens';
import { useRetry } from '../../hooks/useRetry.ts';
import { useStatus } from '../../hooks/useStatus.ts';
import { ExportButton } from '../ExportButton.tsx';
import { PagedTable } from '../PagedTable.tsx';
import { FAILURE_COLUMNS, FailureRow } from '../runs/FailureRow.tsx';

const ROWS = 20;
/** While an import or a run goes on there may be more every moment. */
const WHILE_SOME_MS = 10_000;
const CODES = 'LINE_ID_MALFORMED,LINE_ID_NOT_VALID';

/** LINE User IDs in HubSpot that could not be linked, contact by contact: the report of an import (P-26, P-27). */
export const RefusedIds = ({ slot }: { slot: Slot }) => {
  const t = useText('linkage');
  const columns = useText('dashboard');
  const status = useStatus();
  const format = useFormat(status.data?.timeZone);
  const filter = { kind: 'link', slot, codes: CODES } as const;
  const pages = usePages(
    'GET /failures',
    { limit: ROWS, ...filter },
    { every: (page) => (page?.items.length ? WHILE_SOME_MS : null) },
  );
  const { retry, busy, error } = useRetry(pages.reload);
  const some = (pages.items?.length ?? 0) > 0;
  return (
    <Flex direction="column" gap="small">
      <Flex justify="between" align="center" gap="small" wrap>
        <Heading>{t('refused.title')}</Heading>
        {some && <ExportButton what="failures" filter={filter} />}
      </Flex>
      <Text>{t('refused.intro')}</Text>
      <ErrorAlert error={error} />
      <PagedTable
        pages={pages}
        loading={t('refused.loading')}
        empty={{ title: t('refused.empty'), text: t('refused.emptyText') }}
        head={FAILURE_COLUMNS.map((column) => columns(column))}
        row={(failure) => (
          <FailureRow key={failure.id} failure={failure} format={format} busy={busy} onRetry={(id) => void retry(id)} />
        )}
      />
    </Flex>
  );
};

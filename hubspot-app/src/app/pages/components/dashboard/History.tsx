import { Flex, Heading, StatusTag, TableCell, TableRow, Text } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { usePages, useProblem, useText, type Format, type Run } from '@lumo/screens';
import { statusKey, statusVariant } from '../../utils/run.ts';
import { ExportButton } from '../ExportButton.tsx';
import { PagedTable } from '../PagedTable.tsx';

const ROWS = 10;

/** The history of runs (P-72); a row leads to its detail. */
export const History = ({ format, version }: { format: Format; version: string }) => {
  const t = useText('dashboard');
  const pages = usePages('GET /runs', { limit: ROWS }, { version });
  return (
    <Flex direction="column" gap="small">
      <Flex justify="between" align="center" gap="small" wrap>
        <Heading>{t('history.title')}</Heading>
        <ExportButton what="runs" disabled={!pages.items?.length} />
      </Flex>
      <PagedTable
        pages={pages}
        loading={t('history.loading')}
        empty={{ title: t('history.empty'), text: t('history.emptyText') }}
        head={[
          t('history.when'),
          t('history.status'),
          { number: t('history.contacts') },
          { number: t('history.lists') },
          t('history.error'),
        ]}
        row={(run) => <HistoryRow key={run.id} run={run} format={format} />}
      />
      <Text variant="microcopy">{t('history.contactsHelp')}</Text>
    </Flex>
  );
};

const HistoryRow = ({ run, format }: { run: Run; format: Format }) => {
  const t = useText('dashboard');
  const problem = useProblem();
  const to = `/runs/${run.id}`;
  return (
    <TableRow>
      <TableCell>
        <PageLink to={to}>{format.dateTime(run.startedAt)}</PageLink>
      </TableCell>
      <TableCell>
        <StatusTag variant={statusVariant(run)}>{t(statusKey(run))}</StatusTag>
      </TableCell>
      <TableCell align="right">{format.number(run.contacts)}</TableCell>
      <TableCell align="right">{format.number(run.lists)}</TableCell>
      <TableCell>
        {run.error && <Text>{problem(run.error).text}</Text>}
        {run.failed > 0 && <PageLink to={to}>{t('itemsFailed', { n: run.failed })}</PageLink>}
        {!run.error && run.failed === 0 && <Text>–</Text>}
      </TableCell>
    </TableRow>
  );
};

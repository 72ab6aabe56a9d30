import {
  Flex,
  Heading,
  LoadingButton,
  Table,
  TableBody,
  TableHead,
  TableHeader,
  TableRow,
} from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { ErrorAlert, useText, type Failure, type Format } from '@lumo/screens';
import { useRetry } from '../../hooks/useRetry.ts';
import { FAILURE_COLUMNS, FailureRow } from './FailureRow.tsx';

/** The open items that failed in one run. */
export const RunFailures = ({
  failures,
  format,
  onDone,
}: {
  failures: readonly Failure[];
  format: Format;
  onDone: () => void;
}) => {
  const t = useText('dashboard');
  const { retry, retryAll, busy, error } = useRetry(onDone);
  if (failures.length === 0) return null;
  return (
    <Flex direction="column" gap="small">
      <Flex justify="between" align="center" gap="small" wrap>
        <Heading>{t('failures.title')}</Heading>
        <LoadingButton
          size="sm"
          loading={busy === 'all'}
          disabled={busy !== null && busy !== 'all'}
          onClick={() => void retryAll()}
          testId="retry-all"
        >
          {t('failures.retryAll')}
        </LoadingButton>
      </Flex>
      <ErrorAlert error={error} />
      <Table bordered density="condensed">
        <TableHead>
          <TableRow>
            {FAILURE_COLUMNS.map((column) => (
              <TableHeader key={column}>{t(column)}</TableHeader>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {failures.map((failure) => (
            <FailureRow
              key={failure.id}
              failure={failure}
              format={format}
              busy={busy}
              onRetry={(id) => void retry(id)}
            />
          ))}
        </TableBody>
      </Table>
      <PageLink to="/failures">{t('failures.more')}</PageLink>
    </Flex>
  );
};

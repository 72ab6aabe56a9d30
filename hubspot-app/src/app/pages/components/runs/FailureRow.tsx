import { Flex, Link, LoadingButton, TableCell, TableRow, Text } from '@hubspot/ui-extensions';
import { HelpLink, useHubSpotLinks, useProblem, useText, type Failure, type Format, type Key } from '@lumo/screens';

export const FAILURE_COLUMNS = [
  'failures.what',
  'failures.contact',
  'failures.reason',
  'failures.todo',
  'failures.last',
  'failures.retry',
] as const satisfies readonly Key<'dashboard'>[];

interface Props {
  failure: Failure;
  format: Format;
  /** The item that is being retried, or 'all'. */
  busy: string | null;
  onRetry: (id: string) => void;
}

/** One thing that could not be synced: the provider's reason, what to do, and "Retry". */
export const FailureRow = ({ failure, format, busy, onRetry }: Props) => {
  const t = useText('dashboard');
  const words = useText('common');
  const problem = useProblem()(failure);
  const links = useHubSpotLinks();
  return (
    <TableRow>
      <TableCell>{t(`failure.${failure.kind}`)}</TableCell>
      <TableCell>
        {failure.contactId ? (
          <Link href={{ url: links.contact(failure.contactId), external: true }}>{failure.contactId}</Link>
        ) : (
          '–'
        )}
      </TableCell>
      <TableCell>
        <Text>{problem.text}</Text>
        {failure.properties.length > 0 && <Text variant="microcopy">{failure.properties.join(', ')}</Text>}
        {problem.detail && (
          <Text variant="microcopy" truncate={{ maxWidth: 320, tooltipText: problem.detail }}>
            {problem.detail}
          </Text>
        )}
        {problem.quote && <Text variant="microcopy">{words('reference', { number: problem.quote })}</Text>}
      </TableCell>
      <TableCell>
        <Flex direction="column" gap="flush">
          <Text>{problem.todo}</Text>
          <HelpLink topic={problem.topic} />
        </Flex>
      </TableCell>
      <TableCell>{format.dateTime(failure.lastAt)}</TableCell>
      <TableCell>
        <LoadingButton
          size="xs"
          loading={busy === failure.id}
          disabled={busy !== null && busy !== failure.id}
          onClick={() => onRetry(failure.id)}
        >
          {t('failures.retry')}
        </LoadingButton>
      </TableCell>
    </TableRow>
  );
};

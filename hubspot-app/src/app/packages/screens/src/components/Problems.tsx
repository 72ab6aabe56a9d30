import { Alert, Button, ErrorState, Flex, Text } from '@hubspot/ui-extensions';
import type { ReactNode } from 'react';
import type { ApiError } from '../api/errors.ts';
import { useProblem } from '../help/useProblem.ts';
import { useText } from '../i18n/useText.ts';
import { HelpLink } from './HelpLink.tsx';

const Explanation = ({ error }: { error: ApiError }) => {
  const problem = useProblem()(error);
  const t = useText('common');
  return (
    <Flex direction="column" gap="xs">
      <Text>{problem.todo}</Text>
      {problem.detail && <Text variant="microcopy">{problem.detail}</Text>}
      {problem.quote && <Text variant="microcopy">{t('reference', { number: problem.quote })}</Text>}
      <HelpLink topic={problem.topic} />
    </Flex>
  );
};

/** Nothing can be shown: what happened, what to do, and a way to try again. */
export const ErrorPanel = ({ error, onRetry }: { error: ApiError; onRetry: () => void }) => {
  const problem = useProblem()(error);
  const t = useText('common');
  return (
    <ErrorState title={problem.text} type={problem.topic === 'permission' ? 'lock' : 'error'}>
      <Explanation error={error} />
      <Button onClick={onRetry}>{t('retry')}</Button>
    </ErrorState>
  );
};

/** Something did not work; the rest of the screen stays. */
export const ErrorAlert = ({ error, children }: { error: ApiError | null; children?: ReactNode }) => {
  const problem = useProblem();
  if (!error) return null;
  return (
    <Alert variant="danger" title={problem(error).text}>
      <Explanation error={error} />
      {children}
    </Alert>
  );
};

/** The last attempt to bring the screen up to date failed; what it shows may be old. */
export const StaleAlert = ({ error, onRetry }: { error: ApiError | null; onRetry: () => void }) => {
  const problem = useProblem();
  const t = useText('common');
  if (!error) return null;
  return (
    <Alert variant="warning" title={t('stale')}>
      <Flex gap="small" align="center" wrap>
        <Text>{problem(error).text}</Text>
        <Button size="xs" onClick={onRetry}>
          {t('retry')}
        </Button>
      </Flex>
    </Alert>
  );
};

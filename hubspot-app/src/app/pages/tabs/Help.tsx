import { Accordion, Flex, LoadingButton, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { usePageRoute } from '@hubspot/ui-extensions/pages';
import { asApiError, call, TOPICS, useOrigin, useProblem, useText } from '@lumo/screens';
import { useState } from 'react';

/** The rows that errors lead to; the one of the address is unfolded. */
export const Help = () => {
  const t = useText('help');
  const { params } = usePageRoute();
  return (
    <Flex direction="column" gap="medium">
      <Text>{t('intro')}</Text>
      {TOPICS.map((topic) => (
        <Accordion key={`${topic} ${params.topic === topic}`} title={t(topic)} defaultOpen={params.topic === topic}>
          <Flex direction="column" gap="small" align="start">
            <Text>{t(`${topic}.check`)}</Text>
            {topic === 'errorsContinue' && <CopyDiagnostics />}
          </Flex>
        </Accordion>
      ))}
    </Flex>
  );
};

/** What support needs: states, numbers and codes, nothing about people. */
const CopyDiagnostics = () => {
  const t = useText('help');
  const origin = useOrigin();
  const problem = useProblem();
  const { copyTextToClipboard, addAlert } = useExtensionActions<'pages'>();
  const [busy, setBusy] = useState(false);
  const copy = async () => {
    setBusy(true);
    try {
      const [status, failures] = await Promise.all([
        call(origin, 'GET /status', {}),
        call(origin, 'GET /failures', { query: { limit: 50 } }),
      ]);
      const run = (r: typeof status.lastRun) =>
        r && {
          id: r.id,
          trigger: r.trigger,
          status: r.status,
          startedAt: r.startedAt,
          failed: r.failed,
          error: r.error?.code,
        };
      const facts = {
        connection: status.connection,
        state: status.state,
        banner: status.banner?.code,
        alerts: status.alerts.map((alert) => alert.code),
        counters: status.counters,
        run: run(status.run),
        lastRun: run(status.lastRun),
        failures: failures.items.map(({ kind, code, correlationId, lastAt }) => ({
          kind,
          code,
          correlationId,
          lastAt,
        })),
      };
      await copyTextToClipboard(JSON.stringify(facts, null, 2));
      addAlert({ type: 'success', message: t('copied') });
    } catch (error) {
      addAlert({ type: 'danger', message: problem(asApiError(error)).text });
    } finally {
      setBusy(false);
    }
  };
  return (
    <LoadingButton loading={busy} onClick={() => void copy()} testId="copy-diagnostics">
      {t('copyDiagnostics')}
    </LoadingButton>
  );
};

import { AutoGrid, BarChart, Flex, Text, type ChartProps } from '@hubspot/ui-extensions';
import { useApi, useText, type Format, type Run } from '@lumo/screens';
import { isOver } from '../../utils/run.ts';

const RUNS = 20;

/** The runs to compare, the oldest first, each under a name of its own: two runs of one minute keep bars of their own. */
export function runsByStart(runs: readonly Run[], format: Format): { when: string; run: Run }[] {
  const taken = new Map<string, number>();
  return [...runs]
    .reverse()
    .filter((run) => isOver(run) && !run.dryRun)
    .map((run) => {
      const at = format.short(run.startedAt);
      const nth = (taken.get(at) ?? 0) + 1;
      taken.set(at, nth);
      return { when: nth === 1 ? at : `${at} (${nth})`, run };
    });
}

/** Two bars for each run: contacts and failures. */
export const contactRows = (runs: ReturnType<typeof runsByStart>, labels: { contacts: string; failed: string }) =>
  runs.flatMap(({ when, run }) => [
    { when, kind: labels.contacts, count: run.contacts },
    { when, kind: labels.failed, count: run.failed },
  ]);

/** What each run took of HubSpot's API budget; runs of before this was counted have no bar. */
export const callRows = (runs: ReturnType<typeof runsByStart>) =>
  runs.map(({ when, run }) => ({ when, count: run.apiCalls ?? 0 }));

/**
 * What the last runs compared, and what they took of HubSpot's API. Left out while there is nothing to compare, so it stands last: nothing
 * moves when it comes.
 */
export const RunCharts = ({ format, version }: { format: Format; version: string }) => {
  const t = useText('dashboard');
  const { data } = useApi('GET /runs', { query: { limit: RUNS } }, { version });
  const runs = data ? runsByStart(data.items, format) : [];
  if (runs.length < 2) return null;
  const labels = { contacts: t('chart.contacts'), failed: t('chart.failed') };
  const x = { field: 'when', fieldType: 'category', label: t('chart.when') } as const;
  const contacts: ChartProps['axes'] = {
    x,
    y: { field: 'count', fieldType: 'linear', label: t('chart.contacts') },
    options: { groupFieldByColor: 'kind', colors: { [labels.contacts]: 'aqua', [labels.failed]: 'darkOrange' } },
  };
  const calls: ChartProps['axes'] = { x, y: { field: 'count', fieldType: 'linear', label: t('chart.calls') } };
  return (
    <AutoGrid columnWidth={420} flexible gap="medium">
      <BarChart
        data={contactRows(runs, labels)}
        axes={contacts}
        options={{ title: t('chart.title'), showLegend: true, showTooltips: true }}
      />
      <Flex direction="column" gap="xs">
        <BarChart
          data={callRows(runs)}
          axes={calls}
          options={{ title: t('chart.callsTitle'), showLegend: false, showTooltips: true }}
        />
        <Text variant="microcopy">{t('chart.callsHelp')}</Text>
      </Flex>
    </AutoGrid>
  );
};

import { BarChart, type ChartProps } from '@hubspot/ui-extensions';
import { useApi, useText, type Format, type Run } from '@lumo/screens';
import { isOver } from '../../utils/run.ts';

const RUNS = 20;

/** Two bars for each run that is over: contacts and failures. Two runs of one minute keep bars of their own. */
export function chartRows(runs: readonly Run[], format: Format, labels: { contacts: string; failed: string }) {
  const taken = new Map<string, number>();
  return [...runs]
    .reverse()
    .filter((run) => isOver(run) && !run.dryRun)
    .flatMap((run) => {
      const at = format.short(run.startedAt);
      const nth = (taken.get(at) ?? 0) + 1;
      taken.set(at, nth);
      const when = nth === 1 ? at : `${at} (${nth})`;
      return [
        { when, kind: labels.contacts, count: run.contacts },
        { when, kind: labels.failed, count: run.failed },
      ];
    });
}

/** Contacts and failures of the last runs. Left out while there is nothing to compare, so it stands last: nothing moves when it comes. */
export const RunChart = ({ format, version }: { format: Format; version: string }) => {
  const t = useText('dashboard');
  const { data } = useApi('GET /runs', { query: { limit: RUNS } }, { version });
  const labels = { contacts: t('chart.contacts'), failed: t('chart.failed') };
  const rows = data ? chartRows(data.items, format, labels) : [];
  if (rows.length < 4) return null;
  const axes: ChartProps['axes'] = {
    x: { field: 'when', fieldType: 'category', label: t('chart.when') },
    y: { field: 'count', fieldType: 'linear', label: t('chart.contacts') },
    options: { groupFieldByColor: 'kind', colors: { [labels.contacts]: 'aqua', [labels.failed]: 'darkOrange' } },
  };
  return (
    <BarChart data={rows} axes={axes} options={{ title: t('chart.title'), showLegend: true, showTooltips: true }} />
  );
};

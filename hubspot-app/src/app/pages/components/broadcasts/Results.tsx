import {
  BarChart,
  Flex,
  Statistics,
  StatisticsItem,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
} from '@hubspot/ui-extensions';
import { useFormat, useLanguage, useText, type Broadcast, type BroadcastResults } from '@lumo/screens';

/** A part of those who got it, in words. */
export function useRate(): (n: number, of: number) => string {
  const { locale } = useLanguage();
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  return (n, of) => percent.format(of === 0 ? 0 : n / of);
}

/**
 * Opens and clicks of people, or taps where nobody is told apart (P-129): the one is not counted where the other is. Opens are
 * probable, since LINE tells nobody who read.
 */
export const Results = ({ results, broadcast }: { results: BroadcastResults; broadcast: Broadcast }) => {
  const t = useText('broadcasts');
  const { number, short } = useFormat();
  const part = useRate();
  const rate = (n: number) => t('results.rate', { percent: part(n, broadcast.sent) });
  const personal = broadcast.tracking === 'personal';
  const [opened, clicked] = [t('results.opened'), personal ? t('results.clicked') : t('results.taps')];
  const hours = results.hours.flatMap((hour) => [
    ...(personal ? [{ when: short(hour.at), kind: opened, count: hour.opened }] : []),
    { when: short(hour.at), kind: clicked, count: personal ? hour.clicked : hour.taps },
  ]);
  return (
    <Flex direction="column" gap="medium">
      <Statistics>
        {personal && (
          <StatisticsItem label={opened} number={number(results.opened)}>
            <Text variant="microcopy">{rate(results.opened)}</Text>
          </StatisticsItem>
        )}
        {personal && (
          <StatisticsItem label={t('results.clicked')} number={number(results.clicked)}>
            <Text variant="microcopy">{rate(results.clicked)}</Text>
          </StatisticsItem>
        )}
        {!personal && <StatisticsItem label={t('results.taps')} number={number(results.taps)} />}
      </Statistics>
      {personal && <Text variant="microcopy">{t('results.openedHelp')}</Text>}
      {hours.length === 0 ? (
        <Text>{t('results.none')}</Text>
      ) : (
        <BarChart
          data={hours}
          axes={{
            x: { field: 'when', fieldType: 'category', label: t('results.hour') },
            y: { field: 'count', fieldType: 'linear', label: t('results.count') },
            options: { groupFieldByColor: 'kind', colors: { [opened]: 'aqua', [clicked]: 'darkOrange' } },
          }}
          options={{ title: t('results.hours'), showLegend: true, showTooltips: true }}
        />
      )}
      {results.links.length > 0 && (
        <Table bordered density="condensed">
          <TableHead>
            <TableRow>
              <TableHeader>{t('results.link')}</TableHeader>
              <TableHeader align="right">{personal ? t('results.people') : t('results.taps')}</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {results.links.map((link) => (
              <TableRow key={link.url}>
                <TableCell>
                  <Text truncate={{ maxWidth: 480, tooltipText: link.url }}>{link.url}</Text>
                </TableCell>
                <TableCell align="right">
                  <Text>{number(personal ? link.clicked : link.taps)}</Text>
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </Flex>
  );
};

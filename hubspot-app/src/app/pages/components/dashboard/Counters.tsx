import { Flex, Statistics, StatisticsItem } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { useFormat, useText, type Counters as Numbers } from '@lumo/screens';

const SHOWN = ['friends', 'accounts', 'lists', 'mappings', 'failures'] as const;

export const Counters = ({ counters }: { counters: Numbers }) => {
  const t = useText('dashboard');
  const format = useFormat();
  return (
    <Flex direction="column" gap="xs">
      <Statistics>
        {SHOWN.map((name) => (
          <StatisticsItem key={name} id={name} label={t(`count.${name}`)} number={format.number(counters[name])} />
        ))}
      </Statistics>
      <Flex gap="medium" wrap>
        {counters.failures > 0 && <PageLink to="/failures">{t('showFailures')}</PageLink>}
        <PageLink to="/changes">{t('showChanges')}</PageLink>
        {counters.friends === 0 && <PageLink to="/help/notSynced">{t('notSyncedLink')}</PageLink>}
        <PageLink to="/help/inboxEmpty">{t('inboxLink')}</PageLink>
      </Flex>
    </Flex>
  );
};

import { Accordion, Button, Flex, Icon, Text } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { useHubSpotLinks, useText, type Status } from '@lumo/screens';
import type { ReactNode } from 'react';

interface Step {
  name: 'connect' | 'sync' | 'map' | 'card';
  done: boolean;
  way?: ReactNode;
}

/** What to do after the install. It folds away once friends arrive; whether the card was added nobody can see from here. */
export const FirstSteps = ({ status }: { status: Status }) => {
  const t = useText('dashboard');
  const words = useText('common');
  const links = useHubSpotLinks();
  const { counters, lastRun } = status;
  const steps: Step[] = [
    {
      name: 'connect',
      done: counters.accounts > 0,
      way: (
        <Button size="xs" href={links.settings}>
          {words('openSettings')}
        </Button>
      ),
    },
    { name: 'sync', done: lastRun !== null },
    { name: 'map', done: counters.mappings > 2, way: <PageLink to="/sync-data">{words('tab.syncData')}</PageLink> },
    { name: 'card', done: false },
  ];
  const fresh = counters.accounts === 0 || lastRun === null || counters.friends === 0;
  return (
    <Accordion title={t('steps.title')} defaultOpen={fresh}>
      <Flex direction="column" gap="small">
        {steps.map(({ name, done, way }, i) => (
          <Flex key={name} gap="small" align="start">
            <Icon
              name={done ? 'success' : 'circleHollow'}
              color={done ? 'success' : 'inherit'}
              screenReaderText={t(done ? 'steps.done' : 'steps.open')}
            />
            <Flex direction="column" gap="flush">
              <Text format={{ fontWeight: 'demibold' }}>{`${i + 1}. ${t(`steps.${name}`)}`}</Text>
              <Text>{t(`steps.${name}Text`)}</Text>
              {!done && way}
            </Flex>
          </Flex>
        ))}
      </Flex>
    </Accordion>
  );
};

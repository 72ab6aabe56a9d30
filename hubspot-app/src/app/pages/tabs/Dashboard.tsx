import { Flex } from '@hubspot/ui-extensions';
import { Loadable, useFormat, useText, type Status } from '@lumo/screens';
import { Banner } from '../components/dashboard/Banner.tsx';
import { Counters } from '../components/dashboard/Counters.tsx';
import { FirstSteps } from '../components/dashboard/FirstSteps.tsx';
import { History } from '../components/dashboard/History.tsx';
import { RunCharts } from '../components/dashboard/RunChart.tsx';
import { StatusTile } from '../components/dashboard/StatusTile.tsx';
import { runsVersion, useStatus } from '../hooks/useStatus.ts';

export const Dashboard = () => {
  const t = useText('dashboard');
  const status = useStatus();
  return (
    <Loadable from={status} label={t('loading')}>
      {(data) => <Overview status={data} onChanged={status.reload} />}
    </Loadable>
  );
};

const Overview = ({ status, onChanged }: { status: Status; onChanged: () => void }) => {
  const format = useFormat(status.timeZone);
  const version = runsVersion(status);
  return (
    <Flex direction="column" gap="large">
      <Banner status={status} onChanged={onChanged} />
      <StatusTile status={status} onChanged={onChanged} />
      <FirstSteps status={status} />
      <Counters counters={status.counters} />
      <History format={format} version={version} />
      <RunCharts format={format} version={version} />
    </Flex>
  );
};

import { LoadingSpinner } from '@hubspot/ui-extensions';
import { useText } from '@lumo/screens';

export const Dashboard = () => {
  const t = useText('common');
  return <LoadingSpinner label={t('loading')} showLabel layout="centered" />;
};

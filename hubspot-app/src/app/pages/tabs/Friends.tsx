import { LoadingSpinner } from '@hubspot/ui-extensions';
import { useText } from '@lumo/screens';

export const Friends = () => {
  const t = useText('friends');
  return <LoadingSpinner label={t('loading')} showLabel layout="centered" />;
};

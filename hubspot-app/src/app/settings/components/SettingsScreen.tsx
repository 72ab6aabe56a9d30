import { Flex, Heading, LoadingSpinner } from '@hubspot/ui-extensions';
import { useText } from '@lumo/screens';

export const SettingsScreen = () => {
  const t = useText('settings');
  return (
    <Flex direction="column" gap="medium">
      <Heading>{t('title')}</Heading>
      <LoadingSpinner label={t('loading')} showLabel layout="centered" />
    </Flex>
  );
};

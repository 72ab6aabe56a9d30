import { Flex, Heading, LoadingSpinner } from '@hubspot/ui-extensions';
import { useText } from '@lumo/screens';

export const CardScreen = () => {
  const t = useText('card');
  return (
    <Flex direction="column" gap="medium">
      <Heading>{t('title')}</Heading>
      <LoadingSpinner label={t('loading')} showLabel layout="centered" />
    </Flex>
  );
};

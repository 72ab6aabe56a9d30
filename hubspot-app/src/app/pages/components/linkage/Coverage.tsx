import { Flex, Heading, Statistics, StatisticsItem, Text } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { useFormat, useText, type Linking } from '@lumo/screens';

/** How many friends are known as contacts, and how many are not yet. */
export const Coverage = ({ coverage }: { coverage: Linking['coverage'] }) => {
  const t = useText('linkage');
  const { number } = useFormat();
  const { friends, following, linked, whole } = coverage;
  const counts = { friends, following, linked, unlinked: friends - linked } as const;
  return (
    <Flex direction="column" gap="xs">
      <Heading>{t('cover.title')}</Heading>
      {friends === 0 ? (
        <Text>{t('cover.none')}</Text>
      ) : (
        <Statistics>
          {(['friends', 'following', 'linked', 'unlinked'] as const).map((name) => (
            <StatisticsItem key={name} id={name} label={t(`cover.${name}`)} number={number(counts[name])} />
          ))}
        </Statistics>
      )}
      {!whole && <Text variant="microcopy">{t('cover.part')}</Text>}
      {friends > 0 && <PageLink to="/friends">{t('cover.show')}</PageLink>}
    </Flex>
  );
};

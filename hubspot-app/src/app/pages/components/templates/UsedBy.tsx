import { Link, List, Text } from '@hubspot/ui-extensions';
import { useFormat, useHubSpotLinks, useText, type TemplateUse } from '@lumo/screens';

/** The workflows that sent a template, and what Lumo cannot know of others. */
export const UsedBy = ({ uses }: { uses: TemplateUse[] }) => {
  const t = useText('templates');
  const { dateTime } = useFormat();
  const links = useHubSpotLinks();
  return (
    <>
      {uses.length === 0 ? (
        <Text>{t('used.none')}</Text>
      ) : (
        <>
          <Text format={{ fontWeight: 'bold' }}>{t('used.title')}</Text>
          <List variant="unordered-styled">
            {uses.map(({ workflow, lastAt }) => (
              <Link key={workflow} href={{ url: links.workflow(workflow), external: true }}>
                {t('used.workflow', { id: workflow, time: dateTime(lastAt) })}
              </Link>
            ))}
          </List>
        </>
      )}
      <Text variant="microcopy">{t('used.limits')}</Text>
    </>
  );
};

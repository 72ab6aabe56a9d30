import { Accordion, Alert, Button, Flex, Heading, StatusTag, Text } from '@hubspot/ui-extensions';
import { useFormat, useHubSpotLinks, useProblem, useText, type SettingsPage } from '@lumo/screens';
import { CheckLines, needsLook } from './CheckLines.tsx';

const VARIANTS = { pending: 'info', connected: 'success', reconnect: 'danger', removed: 'default' } as const;

/** The HubSpot side: which account, whether it is connected, and its checks (P-07). */
export const PortalFacts = ({ page: { portal, checks } }: { page: SettingsPage }) => {
  const t = useText('settings');
  const words = useText('common');
  const format = useFormat(portal.timeZone);
  const links = useHubSpotLinks();
  const problem = useProblem();
  const bad = needsLook(checks);
  return (
    <Flex direction="column" gap="small">
      <Flex gap="small" align="center" wrap>
        <Heading>{portal.name || t('portal.title')}</Heading>
        <StatusTag variant={VARIANTS[portal.state]}>{t(`portal.state.${portal.state}`)}</StatusTag>
      </Flex>
      {portal.installedBy && (
        <Text variant="microcopy">
          {t('portal.installed')}:{' '}
          {t('portal.installedAt', { who: portal.installedBy, when: format.dateTime(portal.installedAt) })}
        </Text>
      )}
      {(portal.state === 'reconnect' || portal.state === 'removed') && (
        <Alert variant={portal.state === 'removed' ? 'warning' : 'danger'} title={t(`portal.state.${portal.state}`)}>
          {portal.state === 'removed' && <Text>{t('portal.removed')}</Text>}
          {portal.reason && <Text>{problem({ code: portal.reason, message: '' }).text}</Text>}
          <Button size="sm" href={{ url: links.reconnect, external: true }}>
            {words('reconnect')}
          </Button>
        </Alert>
      )}
      {checks.length > 0 && (
        <Accordion
          title={bad === 0 ? t('checks.allGood') : t('checks.someBad', { n: bad })}
          size="small"
          defaultOpen={bad > 0}
        >
          <CheckLines checks={checks} />
        </Accordion>
      )}
    </Flex>
  );
};

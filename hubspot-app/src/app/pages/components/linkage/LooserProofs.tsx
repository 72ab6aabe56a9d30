import { Alert, Checkbox, Flex, Heading, Text } from '@hubspot/ui-extensions';
import { CopyText, ErrorAlert, useAction, useMay, useText, type Linking } from '@lumo/screens';
import { settingsOf } from './settings.ts';

const SWITCHES = ['unverified', 'plainIds'] as const;

/** Ways that prove less, each off until a person who manages accounts wants it (P-21, P-25). */
export const LooserProofs = ({ linking, onChanged }: { linking: Linking; onChanged: () => void }) => {
  const t = useText('linkage');
  const may = useMay();
  const save = useAction('PUT /accounts/{slot}/linking');
  const change = async (name: (typeof SWITCHES)[number], on: boolean) => {
    const body = { ...settingsOf(linking), [name]: on };
    if (await save.run({ path: { slot: linking.slot }, body })) onChanged();
  };
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('looser.title')}</Heading>
      <Text>{t('looser.intro')}</Text>
      {SWITCHES.map((name) => (
        <Flex key={name} direction="column" gap="xs">
          <Checkbox
            name={`looser-${name}`}
            checked={linking[name]}
            readonly={save.busy || !may.manage_accounts}
            description={t(`looser.${name}Help`)}
            testId={`looser-${name}`}
            onChange={(checked) => void change(name, checked)}
          >
            {t(`looser.${name}`)}
          </Checkbox>
          {linking[name] && (
            <Alert variant="warning" title={t('looser.on')}>
              {t(`looser.${name}Warning`)}
            </Alert>
          )}
        </Flex>
      ))}
      {linking.plainAddress !== null && (
        <CopyText
          id="copy-plain"
          label={t('looser.plainAddress')}
          text={linking.plainAddress}
          button={t('looser.plainCopy')}
        />
      )}
      <ErrorAlert error={save.error} />
    </Flex>
  );
};

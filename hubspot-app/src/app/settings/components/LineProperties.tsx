import { Accordion, Flex, LoadingButton, StatusTag, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText, type LineProperty } from '@lumo/screens';
import type { AccountProps } from './AccountTile.tsx';

/** The LINE properties of the account in HubSpot: what is wrong with them, and making a deleted one anew (P-06, P-48). */
export const LineProperties = (props: AccountProps) => {
  const { account } = props;
  const t = useText('settings');
  const bad = account.properties.filter(({ status }) => status !== 'active');
  const renamed = account.properties.filter(({ status, instead }) => status === 'active' && instead !== null);
  const adopted = account.properties.filter((property) => property.adopted);
  if (account.properties.length === 0) return null;
  return (
    <Accordion title={t('properties.title')} size="small" defaultOpen={bad.length > 0}>
      <Flex direction="column" gap="small">
        {bad.length === 0 && <Text>{t('properties.good', { n: account.properties.length })}</Text>}
        {bad.map((property) => (
          <Faulty key={property.key} {...props} property={property} />
        ))}
        {renamed.map(({ key, name, instead }) => (
          <Text key={key}>
            {instead}: {t('properties.instead', { name })}
          </Text>
        ))}
        {adopted.length > 0 && (
          <Text variant="microcopy">
            {t('properties.adopted', { names: adopted.map(({ name }) => name).join(', ') })}
          </Text>
        )}
      </Flex>
    </Accordion>
  );
};

const Faulty = ({ account, may, onChanged, property }: AccountProps & { property: LineProperty }) => {
  const t = useText('settings');
  const { addAlert } = useExtensionActions<'settings'>();
  const action = useAction('POST /accounts/{slot}/properties/{key}/recreate');
  const status = property.status === 'active' ? 'refused' : property.status;
  const canRecreate = property.status === 'deleted' && account.state === 'active';
  const recreate = async () => {
    const answer = await action.run({ path: { slot: account.slot, key: property.key } });
    if (!answer) return;
    addAlert({ type: 'success', message: t('properties.recreated', { name: property.name }) });
    onChanged();
  };
  return (
    <Flex direction="column" gap="xs" align="start">
      <StatusTag variant="danger">{property.name}</StatusTag>
      <Text>{t(`properties.${status}`)}</Text>
      {property.reason && <Text variant="microcopy">{property.reason}</Text>}
      {canRecreate && (
        <LoadingButton
          size="xs"
          loading={action.busy}
          disabled={!may}
          onClick={() => void recreate()}
          testId={`recreate-${property.key}`}
        >
          {t('properties.recreate')}
        </LoadingButton>
      )}
      <ErrorAlert error={action.error} />
    </Flex>
  );
};

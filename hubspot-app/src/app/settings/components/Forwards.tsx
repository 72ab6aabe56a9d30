import { Accordion, Flex, Input, LoadingButton, StatusTag, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { ConfirmButton, ErrorAlert, useAction, useProblem, useText, type Format, type Forward } from '@lumo/screens';
import { useState } from 'react';
import type { AccountProps } from './AccountTile.tsx';

const MOST = 10;

/** Where else the messages from LINE go (P-09). */
export const Forwards = (props: AccountProps) => {
  const { account, format } = props;
  const t = useText('settings');
  const failing = account.forwards.some(({ failures }) => failures > 0);
  return (
    <Accordion title={t('forwards.title')} size="small" defaultOpen={failing}>
      <Flex direction="column" gap="small">
        <Text>{t('forwards.help')}</Text>
        {account.forwards.length === 0 && <Text variant="microcopy">{t('forwards.none')}</Text>}
        {account.forwards.map((forward) => (
          <Flex key={forward.id} direction="column" gap="xs" align="start">
            <Text>{forward.url}</Text>
            <Health forward={forward} format={format} />
            <RemoveForward {...props} forward={forward} />
          </Flex>
        ))}
        {account.forwards.length < MOST && <AddForward {...props} />}
      </Flex>
    </Accordion>
  );
};

const CODES = ['STATUS', 'TIMEOUT', 'CONNECT', 'REFUSED_ADDRESS'] as const;

const Health = ({ forward, format }: { forward: Forward; format: Format }) => {
  const t = useText('settings');
  const when = format.dateTime(forward.lastAt);
  if (forward.lastAt === null) return <StatusTag>{t('forwards.fresh')}</StatusTag>;
  if (forward.failures === 0) return <StatusTag variant="success">{t('forwards.ok', { when })}</StatusTag>;
  const code = CODES.find((known) => known === forward.lastCode);
  const why = t(code ? `forwards.${code}` : 'forwards.other', { status: forward.lastStatus ?? '–' });
  return <StatusTag variant="danger">{t('forwards.bad', { why, n: forward.failures, when })}</StatusTag>;
};

const AddForward = ({ account, may, onChanged }: AccountProps) => {
  const t = useText('settings');
  const problem = useProblem();
  const { addAlert } = useExtensionActions<'settings'>();
  const [url, setUrl] = useState('');
  const action = useAction('POST /accounts/{slot}/forwards');
  const refused = action.error?.code === 'FORWARD_REFUSED' || action.error?.field === 'url';

  const add = async () => {
    const answer = await action.run({ path: { slot: account.slot }, body: { url: url.trim() } });
    if (!answer) return;
    setUrl('');
    addAlert({ type: 'success', message: t('forwards.added') });
    onChanged();
  };

  return (
    <Flex direction="column" gap="small">
      <Input
        name={`forward-${account.slot}`}
        label={t('forwards.url')}
        description={t('forwards.urlHelp')}
        placeholder="https://"
        value={url}
        readOnly={!may}
        onInput={setUrl}
        error={refused}
        {...(refused && action.error && { validationMessage: problem(action.error).text })}
      />
      <ErrorAlert error={action.error} />
      <Flex>
        <LoadingButton
          size="sm"
          loading={action.busy}
          disabled={!may || url.trim() === ''}
          onClick={() => void add()}
          testId={`forward-add-${account.slot}`}
        >
          {t('forwards.add')}
        </LoadingButton>
      </Flex>
    </Flex>
  );
};

const RemoveForward = ({ account, may, onChanged, forward }: AccountProps & { forward: Forward }) => {
  const t = useText('settings');
  const { addAlert } = useExtensionActions<'settings'>();
  const action = useAction('DELETE /accounts/{slot}/forwards/{forward}');
  const remove = async () => {
    const answer = await action.run({ path: { slot: account.slot, forward: forward.id } });
    if (!answer) return false;
    addAlert({ type: 'success', message: t('forwards.removed') });
    onChanged();
    return true;
  };
  return (
    <ConfirmButton
      id={`forward-remove-${forward.id}`}
      label={t('forwards.remove')}
      title={t('forwards.removeTitle')}
      confirm={t('forwards.remove')}
      danger
      disabled={!may}
      busy={action.busy}
      error={action.error}
      onOpen={action.clear}
      onConfirm={remove}
    >
      <Text>{t('forwards.removeText', { url: forward.url })}</Text>
    </ConfirmButton>
  );
};

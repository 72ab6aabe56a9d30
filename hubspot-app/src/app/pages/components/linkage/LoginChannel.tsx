import {
  Checkbox,
  Flex,
  Heading,
  Input,
  LoadingButton,
  StatusTag,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { CopyText, ErrorAlert, useAction, useMay, useText, type Linking } from '@lumo/screens';
import { useState } from 'react';

/** Whether people can log in with LINE to link themselves; if not, what is to be done. */
export const LoginChannel = ({ linking, onChanged }: { linking: Linking; onChanged: () => void }) => {
  const t = useText('linkage');
  const ready = linking.loginChannelId !== null;
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('login.title')}</Heading>
      <StatusTag variant={ready ? 'success' : 'warning'}>{t(ready ? 'login.ready' : 'login.missing')}</StatusTag>
      {linking.loginChannelId !== null ? (
        <>
          <Text>{t('login.channel', { id: linking.loginChannelId })}</Text>
          <Addresses id={linking.loginChannelId} linking={linking} onChanged={onChanged} />
        </>
      ) : (
        <SetUp linking={linking} onChanged={onChanged} />
      )}
    </Flex>
  );
};

interface AddressesProps {
  id: string;
  linking: Linking;
  onChanged: () => void;
}

/** Whether LINE may be asked for verified e-mail addresses (P-28). It refuses every login that asks without its permission. */
const Addresses = ({ id, linking, onChanged }: AddressesProps) => {
  const t = useText('linkage');
  const may = useMay();
  const save = useAction('PUT /accounts/{slot}/login');
  const change = async (email: boolean) => {
    const body = { channelId: id, channelSecret: '', email };
    if (await save.run({ path: { slot: linking.slot }, body })) onChanged();
  };
  return (
    <>
      <Checkbox
        name="login-email"
        checked={linking.loginEmail}
        readonly={save.busy || !may.manage_accounts}
        description={t('login.emailHelp')}
        testId="login-email"
        onChange={(checked) => void change(checked)}
      >
        {t('login.email')}
      </Checkbox>
      <ErrorAlert error={save.error} />
    </>
  );
};

const SetUp = ({ linking, onChanged }: { linking: Linking; onChanged: () => void }) => {
  const t = useText('linkage');
  const { addAlert } = useExtensionActions<'pages'>();
  const [channelId, setId] = useState('');
  const [channelSecret, setSecret] = useState('');
  const may = useMay();
  const save = useAction('PUT /accounts/{slot}/login');
  const filled = channelId.trim() !== '' && channelSecret.trim() !== '';
  const run = async () => {
    const body = { channelId: channelId.trim(), channelSecret: channelSecret.trim() };
    if (!(await save.run({ path: { slot: linking.slot }, body }))) return;
    addAlert({ type: 'success', message: t('login.saved') });
    onChanged();
  };
  return (
    <Flex direction="column" gap="small" align="start">
      <Text>{t('login.why')}</Text>
      <Text>{t('login.step1')}</Text>
      <Text>{t('login.step2')}</Text>
      <CopyText
        id="copy-callback"
        label={t('login.step3')}
        text={linking.callbackUrl}
        button={t('login.copyCallback')}
      />
      <Text>{t('login.step4')}</Text>
      <Input name="login-id" label={t('login.id')} required value={channelId} onInput={setId} />
      <Input
        name="login-secret"
        type="password"
        label={t('login.secret')}
        required
        value={channelSecret}
        onInput={setSecret}
      />
      <LoadingButton
        testId="login-save"
        loading={save.busy}
        disabled={!may.manage_accounts || !filled}
        onClick={() => void run()}
      >
        {t('login.save')}
      </LoadingButton>
      <ErrorAlert error={save.error} />
    </Flex>
  );
};

import { Flex, Heading, Input, LoadingButton, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { CopyText, ErrorAlert, useAction, useMay, useText, type Linking } from '@lumo/screens';
import { useState } from 'react';
import { settingsOf } from './settings.ts';

/** How friends ask for a linking link in the chat: the only way for accounts without a LINE Login channel, and a short one for all. */
export const ChatWay = ({ linking, onChanged }: { linking: Linking; onChanged: () => void }) => {
  const t = useText('linkage');
  const { addAlert } = useExtensionActions<'pages'>();
  const [word, setWord] = useState(linking.word ?? '');
  const may = useMay();
  const save = useAction('PUT /accounts/{slot}/linking');
  const run = async () => {
    const body = { ...settingsOf(linking), word: word.trim() };
    if (!(await save.run({ path: { slot: linking.slot }, body }))) return;
    addAlert({ type: 'success', message: t('chat.saved') });
    onChanged();
  };
  return (
    <Flex direction="column" gap="small" align="start">
      <Heading>{t('chat.title')}</Heading>
      <Text>{t(linking.loginChannelId === null ? 'chat.only' : 'chat.also')}</Text>
      <CopyText id="copy-button-data" label={t('chat.button')} text={linking.buttonData} button={t('chat.copy')} />
      <Input name="link-word" label={t('chat.word')} description={t('chat.wordHelp')} value={word} onInput={setWord} />
      <LoadingButton
        testId="save-word"
        loading={save.busy}
        disabled={!may.manage_accounts || word.trim() === (linking.word ?? '')}
        onClick={() => void run()}
      >
        {t('chat.save')}
      </LoadingButton>
      <ErrorAlert error={save.error} />
    </Flex>
  );
};

import {
  Flex,
  Heading,
  LoadingButton,
  SearchInput,
  Select,
  StatusTag,
  Text,
  useDebounce,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import {
  CopyText,
  ErrorAlert,
  Loadable,
  QrCode,
  useAction,
  useApi,
  useFormat,
  useMay,
  useProblem,
  useText,
  type Linking,
  type List,
} from '@lumo/screens';
import { useState } from 'react';

const LISTS = 50;

/** Addresses of their own for the contacts of a list, and the text for the e-mail that carries them (P-21). */
export const LinkingMail = ({ linking, onChanged }: { linking: Linking; onChanged: () => void }) => {
  const t = useText('linkage');
  const { mergeAddress, formAddress, formPicture, loginChannelId, writing } = linking;
  return (
    <Flex direction="column" gap="medium">
      <Heading>{t('mail.title')}</Heading>
      <Text>{t(loginChannelId === null ? 'mail.needsLogin' : 'mail.intro')}</Text>
      {loginChannelId !== null && mergeAddress === null && <Text>{t('mail.noProperty')}</Text>}
      {mergeAddress !== null && <ListChoice linking={linking} onChanged={onChanged} />}
      {writing && <Progress writing={writing} own={writing.slot === linking.slot} />}
      {mergeAddress !== null && (
        <>
          <CopyText id="copy-merge" label={t('mail.text')} text={mergeAddress} button={t('mail.copy')} />
          <Text variant="microcopy">{t('mail.cta')}</Text>
        </>
      )}
      {formAddress !== null && (
        <CopyText id="copy-form" label={t('mail.form')} text={formAddress} button={t('mail.copyForm')} />
      )}
      {formPicture !== null && <QrCode picture={formPicture} of={t('mail.form')} />}
    </Flex>
  );
};

const ListChoice = ({ linking, onChanged }: { linking: Linking; onChanged: () => void }) => {
  const t = useText('linkage');
  const { addAlert } = useExtensionActions<'pages'>();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<List | null>(null);
  const search = useDebounce(text.trim());
  const lists = useApi('GET /lists', { query: { ...(search && { search }), limit: LISTS } }, { keep: true });
  const may = useMay();
  const start = useAction('POST /accounts/{slot}/links');
  const run = async () => {
    if (!chosen || !(await start.run({ path: { slot: linking.slot }, body: { list: chosen.id } }))) return;
    addAlert({ type: 'success', message: t('mail.started', { name: chosen.name }) });
    onChanged();
  };
  return (
    <Flex direction="column" gap="small" align="start">
      <SearchInput name="link-list-search" label={t('mail.search')} value={text} onInput={setText} clearable />
      <Loadable from={lists} label={t('mail.listsLoading')}>
        {({ items }) => {
          const offered = items.filter(({ state }) => state !== 'deleted');
          const shown = chosen && !offered.some(({ id }) => id === chosen.id) ? [chosen, ...offered] : offered;
          if (shown.length === 0) return <Text>{t('mail.noList')}</Text>;
          return (
            <Select
              name="link-list"
              label={t('mail.list')}
              placeholder={t('mail.choose')}
              value={chosen?.id}
              options={shown.map(({ id, name }) => ({ value: id, label: name }))}
              onChange={(id) => setChosen(shown.find((list) => list.id === String(id)) ?? null)}
            />
          );
        }}
      </Loadable>
      <LoadingButton
        testId="write-links"
        loading={start.busy}
        disabled={!may.edit_friends || !chosen || linking.writing?.done === false}
        onClick={() => void run()}
      >
        {t('mail.write')}
      </LoadingButton>
      <ErrorAlert error={start.error} />
    </Flex>
  );
};

const Progress = ({ writing, own }: { writing: NonNullable<Linking['writing']>; own: boolean }) => {
  const t = useText('linkage');
  const { dateTime } = useFormat();
  const problem = useProblem();
  const { read, made, kept, refused } = writing;
  const failed = writing.problem === null ? null : problem({ code: writing.problem, message: '' });
  const state = failed ? 'stopped' : writing.done ? 'done' : 'running';
  return (
    <Flex direction="column" gap="xs">
      <StatusTag variant={failed ? 'danger' : writing.done ? 'success' : 'info'}>{t(`writing.${state}`)}</StatusTag>
      <Text>{t('writing.list', { name: writing.list, time: dateTime(writing.startedAt) })}</Text>
      <Text variant="microcopy">{t('writing.counts', { read, made, kept, refused })}</Text>
      {!own && <Text variant="microcopy">{t('writing.other')}</Text>}
      {failed && <Text>{`${failed.text} ${failed.todo}`}</Text>}
    </Flex>
  );
};

import { Checkbox, Select, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { useAction, useText, type Account, type TagRow } from '@lumo/screens';
import { useState } from 'react';
import { NameInput } from './NameInput.tsx';
import { useNameProblem } from './names.ts';
import { RowDialog } from '../RowDialog.tsx';

interface Props {
  tag: TagRow;
  /** Where it can be copied to. */
  accounts: Account[];
  may: boolean;
  onChanged: () => void;
}

/** "Copy to another account" (P-136). */
export const CopyTag = ({ tag, accounts, may, onChanged }: Props) => {
  const t = useText('tags');
  const { addAlert } = useExtensionActions<'pages'>();
  const problem = useNameProblem();
  const [chosen, setChosen] = useState<number | null>(null);
  const [name, setName] = useState(tag.name);
  const [people, setPeople] = useState(true);
  const action = useAction('POST /tags/{slot}/{tag}/copy');
  const to = accounts.find(({ slot }) => slot === chosen) ?? accounts[0];

  const copy = async () => {
    if (!to) return false;
    const body = { to: to.slot, name: name.trim(), people };
    const answer = await action.run({ path: { slot: tag.slot, tag: tag.id }, body });
    if (!answer) return false;
    const said = answer.tag.state === 'copying' ? 'copy.working' : 'copy.done';
    addAlert({ type: 'success', message: t(said, { name: answer.tag.name, account: to.name }) });
    onChanged();
    return true;
  };

  return (
    <RowDialog
      name="copy-tag"
      row={tag.id}
      label={t('copy')}
      title={t('copy.title', { name: tag.name })}
      confirm={t('copy.go')}
      disabled={!may}
      ready={problem(name) === null}
      busy={action.busy}
      onOpen={() => {
        action.clear();
        setName(tag.name);
      }}
      onConfirm={copy}
    >
      <Text>{t('copy.why')}</Text>
      <Select
        name="copy-to"
        label={t('copy.to')}
        value={to?.slot}
        options={accounts.map((account) => ({ value: account.slot, label: account.name }))}
        onChange={(slot) => setChosen(Number(slot))}
      />
      <NameInput
        name="tag-name"
        label={t('copy.name')}
        help={t('rename.help')}
        value={name}
        onInput={setName}
        error={action.error}
      />
      <Checkbox name="copy-people" checked={people} onChange={setPeople} description={t('copy.peopleHelp')}>
        {t('copy.people')}
      </Checkbox>
    </RowDialog>
  );
};

import { useExtensionActions } from '@hubspot/ui-extensions';
import { useAction, useText, type TagRow } from '@lumo/screens';
import { useState } from 'react';
import { NameInput } from './NameInput.tsx';
import { useNameProblem } from './names.ts';
import { RowDialog } from '../RowDialog.tsx';

interface Props {
  tag: TagRow;
  may: boolean;
  onChanged: () => void;
}

/** Another name; friends keep the tag, and HubSpot its values. */
export const RenameTag = ({ tag, may, onChanged }: Props) => {
  const t = useText('tags');
  const { addAlert } = useExtensionActions<'pages'>();
  const problem = useNameProblem();
  const [name, setName] = useState(tag.name);
  const action = useAction('PATCH /tags/{slot}/{tag}');
  const rename = async () => {
    const answer = await action.run({ path: { slot: tag.slot, tag: tag.id }, body: { name: name.trim() } });
    if (!answer) return false;
    addAlert({
      type: 'success',
      message: t(answer.offered ? 'rename.done' : 'rename.later', { name: answer.tag.name }),
    });
    onChanged();
    return true;
  };
  return (
    <RowDialog
      name="rename-tag"
      row={tag.id}
      label={t('rename')}
      title={t('rename.title', { name: tag.name })}
      confirm={t('rename.save')}
      disabled={!may}
      ready={problem(name) === null && name.trim() !== tag.name}
      busy={action.busy}
      onOpen={() => {
        action.clear();
        setName(tag.name);
      }}
      onConfirm={rename}
    >
      <NameInput
        name="tag-name"
        label={t('col.name')}
        help={t('rename.help')}
        value={name}
        onInput={setName}
        error={action.error}
      />
    </RowDialog>
  );
};

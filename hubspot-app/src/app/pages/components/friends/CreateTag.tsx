import {
  Button,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { useAction, useText, type Slot } from '@lumo/screens';
import { useState } from 'react';
import { NameInput } from '../tags/NameInput.tsx';
import { useNameProblem } from '../tags/names.ts';

const MODAL = 'create-tag';

/** "Create Tag" (P-135): a name; the account is the one that is shown. */
export const CreateTag = ({ slot, may, onCreated }: { slot: Slot; may: boolean; onCreated: () => void }) => {
  const t = useText('friends');
  const words = useText('common');
  const problem = useNameProblem();
  const { addAlert, closeOverlay } = useExtensionActions<'pages'>();
  const [name, setName] = useState('');
  const action = useAction('POST /tags');

  const create = async () => {
    const answer = await action.run({ body: { slot, name: name.trim() } });
    if (!answer) return;
    closeOverlay(MODAL);
    setName('');
    addAlert({
      type: 'success',
      title: answer.tag.name,
      message: t(answer.offered ? 'newTag.created' : 'newTag.notOffered'),
    });
    onCreated();
  };

  return (
    <Button
      size="xs"
      disabled={!may}
      testId="create-tag"
      overlay={
        <Modal id={MODAL} title={t('newTag.title')} onOpen={action.clear}>
          <ModalBody>
            <Flex direction="column" gap="small">
              <NameInput
                name="tag-name"
                label={t('newTag.name')}
                help={t('newTag.help')}
                value={name}
                onInput={setName}
                error={action.error}
              />
            </Flex>
          </ModalBody>
          <ModalFooter>
            <LoadingButton
              variant="primary"
              loading={action.busy}
              disabled={problem(name) !== null}
              onClick={() => void create()}
              testId="create-tag-confirm"
            >
              {t('newTag.create')}
            </LoadingButton>
            <Button onClick={() => closeOverlay(MODAL)}>{words('cancel')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {t('newTag.button')}
    </Button>
  );
};

import {
  Button,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText, type FriendDetail } from '@lumo/screens';
import type { CardProps } from './ContactScreen.tsx';

const ID = 'unlink';

/** Ends the link, after a question (P-33, P-114). */
export const Unlink = ({ card, friend, may, onChanged }: CardProps & { friend: FriendDetail }) => {
  const t = useText('card');
  const words = useText('common');
  const { addAlert, closeOverlay } = useExtensionActions<'crm.record.tab'>();
  const action = useAction('POST /friends/{slot}/{user}/unlink');
  const go = async () => {
    const path = { slot: friend.slot, user: friend.user };
    if (!(await action.run({ path, body: { contact: card.contactId } }))) return;
    closeOverlay(ID);
    addAlert({ type: 'success', message: t('unlink.done') });
    onChanged();
  };
  return (
    <Flex>
      <Button
        size="sm"
        variant="destructive"
        disabled={!may.edit_friends}
        testId={ID}
        overlay={
          <Modal id={ID} title={t('unlink.title')} variant="danger">
            <ModalBody>
              <Flex direction="column" gap="small">
                <Text>{t('unlink.text')}</Text>
                <Text>{t('unlink.again')}</Text>
                <ErrorAlert error={action.error} />
              </Flex>
            </ModalBody>
            <ModalFooter>
              <LoadingButton
                variant="destructive"
                loading={action.busy}
                onClick={() => void go()}
                testId="unlink-confirm"
              >
                {t('unlink.confirm')}
              </LoadingButton>
              <Button onClick={() => closeOverlay(ID)}>{words('cancel')}</Button>
            </ModalFooter>
          </Modal>
        }
      >
        {t('unlink')}
      </Button>
    </Flex>
  );
};

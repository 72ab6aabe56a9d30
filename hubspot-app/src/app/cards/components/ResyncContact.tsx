import { Flex, LoadingButton, useExtensionActions } from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText } from '@lumo/screens';
import type { CardProps } from './ContactScreen.tsx';

/** "Resync this contact": one contact, at once (P-114). */
export const ResyncContact = ({ card, may, onChanged }: CardProps) => {
  const t = useText('card');
  const { addAlert } = useExtensionActions<'crm.record.tab'>();
  const action = useAction('POST /sync');
  const resync = async () => {
    const answer = await action.run({ body: { extent: 'contact', contact: card.contactId } });
    if (!answer) return;
    if (answer.started) addAlert({ type: 'success', message: t('resync.started') });
    else addAlert({ type: 'info', message: t(answer.reason === 'COOLDOWN' ? 'resync.cooldown' : 'resync.running') });
    onChanged();
  };
  return (
    <Flex direction="column" gap="small">
      <ErrorAlert error={action.error} />
      <Flex>
        <LoadingButton
          size="sm"
          loading={action.busy}
          disabled={!may.sync}
          onClick={() => void resync()}
          testId="resync-contact"
        >
          {t('resync')}
        </LoadingButton>
      </Flex>
    </Flex>
  );
};

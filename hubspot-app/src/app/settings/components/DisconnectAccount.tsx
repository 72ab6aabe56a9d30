import { List, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { ConfirmButton, useAction, useText } from '@lumo/screens';
import { useAccountName, type AccountProps } from './AccountTile.tsx';

/** Says what it means, then disconnects (P-160). */
export const DisconnectAccount = ({ account, may, onChanged }: AccountProps) => {
  const t = useText('settings');
  const name = useAccountName()(account);
  const { addAlert } = useExtensionActions<'settings'>();
  const action = useAction('POST /accounts/{slot}/disconnect');
  const disconnect = async () => {
    const answer = await action.run({ path: { slot: account.slot } });
    if (!answer) return false;
    addAlert({ type: 'success', message: t('disconnect.accountDone', { name }) });
    onChanged();
    return true;
  };
  return (
    <ConfirmButton
      id={`disconnect-${account.slot}`}
      label={t('disconnect.account')}
      title={t('disconnect.accountTitle', { name })}
      confirm={t('disconnect.accountGo')}
      danger
      disabled={!may}
      busy={action.busy}
      error={action.error}
      onOpen={action.clear}
      onConfirm={disconnect}
    >
      <Text>{t('disconnect.accountWhat')}</Text>
      <List variant="unordered-styled">
        <Text>{t('disconnect.accountFriends', { n: account.friends })}</Text>
        <Text>{t('disconnect.accountStatus')}</Text>
        <Text>{t('disconnect.accountSlot', { n: account.slot })}</Text>
        {account.forwards.length > 0 && <Text>{t('disconnect.accountForwards', { n: account.forwards.length })}</Text>}
      </List>
    </ConfirmButton>
  );
};

import {
  Button,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import type { ApiError } from '../api/errors.ts';
import { useText } from '../i18n/useText.ts';
import { ErrorAlert } from './Problems.tsx';
import type { ReactNode } from 'react';

interface Props {
  /** Unique on the screen. */
  id: string;
  label: string;
  title: string;
  confirm: string;
  /** What "no" is called, where "Cancel" could be misread. */
  keep?: string;
  danger?: boolean;
  primary?: boolean;
  disabled?: boolean;
  busy: boolean;
  error: ApiError | null;
  onOpen?: () => void;
  /** Whether it was done: then the question closes. */
  onConfirm: () => Promise<boolean>;
  children: ReactNode;
}

/** A button that asks before it does something that cannot simply be undone. */
export const ConfirmButton = (props: Props) => {
  const { id, label, title, confirm, keep, danger = false, primary = false, disabled = false, busy, error } = props;
  const words = useText('common');
  const { closeOverlay } = useExtensionActions<'pages'>();
  const go = async () => {
    if (await props.onConfirm()) closeOverlay(id);
  };
  return (
    <Button
      size="sm"
      variant={danger ? 'destructive' : primary ? 'primary' : 'secondary'}
      disabled={disabled}
      testId={id}
      overlay={
        <Modal id={id} title={title} variant={danger ? 'danger' : 'default'} onOpen={props.onOpen}>
          <ModalBody>
            <Flex direction="column" gap="small">
              {props.children}
              <ErrorAlert error={error} />
            </Flex>
          </ModalBody>
          <ModalFooter>
            <LoadingButton
              variant={danger ? 'destructive' : 'primary'}
              loading={busy}
              onClick={() => void go()}
              testId={`${id}-confirm`}
            >
              {confirm}
            </LoadingButton>
            <Button onClick={() => closeOverlay(id)}>{keep ?? words('cancel')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {label}
    </Button>
  );
};

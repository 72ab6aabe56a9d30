import {
  Button,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { useText } from '@lumo/screens';
import { useState, type ReactNode } from 'react';

interface Props {
  /** What is done; the same in every row. */
  name: string;
  /** The id of what the row shows. */
  row: string;
  label: string;
  title: string;
  confirm: string;
  danger?: boolean;
  disabled?: boolean;
  /** Whether what is entered can be tried. */
  ready?: boolean;
  busy: boolean;
  onOpen: () => void;
  /** Whether it was done: then the dialog closes. */
  onConfirm: () => Promise<boolean>;
  /** Mounted while the dialog is open. */
  children: ReactNode;
}

/** A row's button and the dialog behind it. */
export const RowDialog = ({
  name,
  row,
  label,
  title,
  confirm,
  danger = false,
  disabled = false,
  ready = true,
  ...props
}: Props) => {
  const words = useText('common');
  const id = `${name}-${row}`;
  const { closeOverlay } = useExtensionActions<'pages'>();
  const [open, setOpen] = useState(false);
  const go = async () => {
    if (await props.onConfirm()) closeOverlay(id);
  };
  return (
    <Button
      size="xs"
      disabled={disabled}
      testId={name}
      overlay={
        <Modal
          id={id}
          title={title}
          variant={danger ? 'danger' : 'default'}
          onOpen={() => {
            props.onOpen();
            setOpen(true);
          }}
          onClose={() => setOpen(false)}
        >
          <ModalBody>
            {open && (
              <Flex direction="column" gap="small">
                {props.children}
              </Flex>
            )}
          </ModalBody>
          <ModalFooter>
            <LoadingButton
              variant={danger ? 'destructive' : 'primary'}
              loading={props.busy}
              disabled={!ready}
              onClick={() => void go()}
              testId={`${name}-go`}
            >
              {confirm}
            </LoadingButton>
            <Button onClick={() => closeOverlay(id)}>{words('cancel')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {label}
    </Button>
  );
};
